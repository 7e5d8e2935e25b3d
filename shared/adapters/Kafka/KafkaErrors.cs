using Confluent.Kafka;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka;

/// <summary>Turns Kafka's errors into the port's.</summary>
internal static class KafkaErrors
{
    /// <summary>The exception for an error.</summary>
    /// <param name="what">What failed, such as <c>Appending to millrace.events</c>.</param>
    /// <param name="code">Kafka's or librdkafka's code.</param>
    /// <param name="inner">The vendor's exception, if there was one.</param>
    public static EventLogException Of(string what, ErrorCode code, Exception? inner = null) =>
        new($"{what} failed: {code.GetReason()} ({code}).", IsRetryable(code), inner);

    /// <summary>The exception for an exception.</summary>
    public static EventLogException Of(string what, KafkaException exception) => Of(what, exception.Error.Code, exception);

    /// <summary>Whether the same may succeed later. What only a person can put right may not.</summary>
    public static bool IsRetryable(ErrorCode code) => code is not (
        ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.Local_InvalidArg or ErrorCode.TopicAuthorizationFailed
        or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.SaslAuthenticationFailed or ErrorCode.Local_Authentication
        or ErrorCode.TopicException or ErrorCode.InvalidRecord or ErrorCode.PolicyViolation or ErrorCode.FencedInstanceId or ErrorCode.UnsupportedForMessageFormat);
}

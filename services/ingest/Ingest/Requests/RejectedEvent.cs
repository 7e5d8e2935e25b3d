using Millrace.Ingest.Events;

namespace Millrace.Ingest.Requests;

/// <summary>What the producer is told of an event that was refused.</summary>
/// <param name="Index">Position in the request, from 0.</param>
/// <param name="Id">The event's id, where it could be read.</param>
/// <param name="Code">From the error table.</param>
/// <param name="Field">Path of the field at fault; empty when it is the whole event.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Retryable">Whether the same event may be accepted later.</param>
internal sealed record RejectedEvent(int Index, string? Id, string Code, string Field, string Message, bool Retryable)
{
    /// <summary>The answer for a rejection.</summary>
    public static RejectedEvent Of(Rejection rejection) => new(
        rejection.Index,
        rejection.Id,
        rejection.Fault.Code.Code,
        rejection.Fault.Field,
        rejection.Fault.Message,
        rejection.Fault.Code.Retryable);
}

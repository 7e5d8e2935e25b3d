using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Millrace.Adapters.Kafka.Configuration;

/// <summary>Where programs outside Millrace produce events, section <c>Millrace:Inbound</c>.</summary>
public sealed class KafkaInboundOptions
{
    /// <summary>Name of the section under <c>Millrace</c>.</summary>
    internal const string Section = "Inbound";

    /// <summary>The Kafka that they produce to. Without brokers of its own: that of <c>Millrace:Kafka</c>, where the event log is there.</summary>
    [ValidateObjectMembers]
    public KafkaInboundConnection Kafka { get; set; } = new();
}

/// <summary>A Kafka of somebody else's, which is read, and whose topics are left as they are.</summary>
public sealed class KafkaInboundConnection
{
    /// <summary>Brokers to ask for the others, <c>host:port</c>, separated by commas.</summary>
    public string? BootstrapServers { get; set; }

    /// <summary>Any property of librdkafka by its own name, as <c>Millrace:Kafka:Client</c>.</summary>
    public Dictionary<string, string> Client { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Name of this instance, as <c>Millrace:Kafka:InstanceId</c>.</summary>
    [StringLength(100, MinimumLength = 1)]
    public string? InstanceId { get; set; }

    /// <summary>How long a member of a group may be silent before its partitions go to others. Default 6 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>The same as settings of an event log.</summary>
    internal KafkaOptions ToOptions()
    {
        var options = new KafkaOptions { BootstrapServers = BootstrapServers ?? "", InstanceId = InstanceId, SessionTimeout = SessionTimeout, CreateTopics = false };
        foreach (var (name, value) in Client) options.Client[name] = value;
        return options;
    }
}

/// <summary>Checks the annotations above.</summary>
[OptionsValidator]
internal sealed partial class KafkaInboundOptionsValidator : IValidateOptions<KafkaInboundOptions>;

/// <summary>Checks what an annotation can't say.</summary>
internal sealed class KafkaInboundOptionsRules : IValidateOptions<KafkaInboundOptions>
{
    public ValidateOptionsResult Validate(string? name, KafkaInboundOptions options)
    {
        var errors = ClientProperties.Check(options.Kafka.Client, "Inbound:Kafka:Client").ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}

using Microsoft.Extensions.Options;

namespace Millrace.Adapters.Kafka.Configuration;

/// <summary>Checks what an annotation can't say.</summary>
internal sealed class KafkaOptionsRules : IValidateOptions<KafkaOptions>
{
    public ValidateOptionsResult Validate(string? name, KafkaOptions options)
    {
        var errors = ClientProperties.Check(options.Client, "Kafka:Client").ToList();
        foreach (var (topic, own) in options.Topics)
        {
            if (own.Partitions is < 1 or > KafkaOptions.MaxPartitions) errors.Add($"Topics:{topic}:Partitions must be between 1 and {KafkaOptions.MaxPartitions}.");
            if (own.Replication is < 1 or > 100) errors.Add($"Topics:{topic}:Replication must be between 1 and 100.");
            if (own.MaxBytes is < 1 << 20) errors.Add($"Topics:{topic}:MaxBytes must be at least {1 << 20}.");
            if (own.MaxAge is { } age && age < TimeSpan.FromMinutes(1)) errors.Add($"Topics:{topic}:MaxAge must be at least 00:01:00.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}

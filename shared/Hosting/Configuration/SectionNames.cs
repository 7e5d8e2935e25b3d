using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Millrace.Hosting.Configuration;

/// <summary>Checks that everything directly under <c>Millrace:</c> is a section that some service knows.</summary>
internal sealed class SectionNames
{
    // All services may share one set of settings, so a host accepts the sections of the others too.
    private static readonly string[] Known =
    [
        "Ingest", "Aggregator", "Gateway", "Alerting", "Archiver", "EventLog", "Objects", "Metadata", "ClickHouse", "ClickHouseRetries", "EmbeddedClickHouse", "Notifications", "Auth",
        "Bootstrap", "Telemetry", "Quotas", "Http", "Standalone", "Demo", "Adapters", "Inbound", "Incidents", "Kafka", "ObjectRetries", "Postgres", "RabbitMq", "S3",
    ];

    /// <summary>Carries the configuration to the validator.</summary>
    internal sealed record Marker(IConfiguration Configuration);

    /// <summary>The check.</summary>
    internal sealed class Validator(Marker marker) : IValidateOptions<SectionNames>
    {
        public ValidateOptionsResult Validate(string? name, SectionNames options)
        {
            var failures = marker.Configuration.GetSection(OptionsExtensions.Root).GetChildren()
                .Where(child => !Known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                .Select(child => $"{child.Path} is not a section{UnknownKeys.Suggest(child.Key, Known)}")
                .ToList();
            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}

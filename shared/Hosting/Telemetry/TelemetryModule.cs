using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;

namespace Millrace.Hosting.Telemetry;

/// <summary>Adds the export of traces and metrics.</summary>
internal static class TelemetryModule
{
    public static void AddMillraceTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddMillraceOptions<TelemetryOptions, TelemetryOptionsValidator>(configuration, "Telemetry");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TelemetryOptions>, TelemetryOptionsRules>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, TelemetryExport>());
    }
}

/// <summary>The rules that attributes can't say.</summary>
internal sealed class TelemetryOptionsRules : IValidateOptions<TelemetryOptions>
{
    public ValidateOptionsResult Validate(string? name, TelemetryOptions options) =>
        options.OtlpEndpoint is null or { IsAbsoluteUri: true, Scheme: "http" or "https" }
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Millrace:Telemetry:OtlpEndpoint '{options.OtlpEndpoint}' is not an http or https URL.");
}

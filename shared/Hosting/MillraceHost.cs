using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Hosting.Commands;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Http;
using Millrace.Hosting.Telemetry;

namespace Millrace.Hosting;

/// <summary>Where the program of every host begins.</summary>
public static class MillraceHost
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(25);

    /// <summary>
    /// A builder with web server, logging and <see cref="MillraceHosting.AddMillraceHosting"/> set up: listens at 127.0.0.1 and
    /// <paramref name="defaultPort"/> unless told otherwise, takes settings from <c>appsettings.json</c>, the environment
    /// (<c>Millrace__…</c>, with <c>_FILE</c> at the end from a file) and the command line (<c>--Millrace:Http:Port=…</c>).
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="defaultPort">Port where <c>Millrace:Http:Port</c> is not set.</param>
    /// <param name="configure">Adds settings of the host's own before anything reads them.</param>
    public static WebApplicationBuilder CreateBuilder(string[] args, int defaultPort, Action<IConfigurationManager>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = HostCommand.WithoutCommand(args) });
        SecretFiles.Use(builder.Configuration);
        configure?.Invoke(builder.Configuration);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Host.UseDefaultServiceProvider(provider => (provider.ValidateOnBuild, provider.ValidateScopes) = (true, true));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddMillraceHosting(builder.Configuration);
        builder.Services.AddMillraceKestrel(builder.Configuration, defaultPort);
        builder.Logging.AddMillraceConsole(ReadTelemetry(builder.Configuration));
        return builder;
    }

    // Logging is needed before options are validated; what can't be read here is reported when they are.
    private static TelemetryOptions ReadTelemetry(ConfigurationManager configuration)
    {
        var options = new TelemetryOptions();
        try
        {
            configuration.GetSection(OptionsExtensions.Root).GetSection("Telemetry").Bind(options);
        }
        catch (InvalidOperationException)
        {
            return new TelemetryOptions();
        }

        return options;
    }
}

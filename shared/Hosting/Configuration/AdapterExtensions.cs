using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Millrace.Hosting.Configuration;

/// <summary>Adds what an adapter needs.</summary>
public delegate IServiceCollection AddAdapter(IServiceCollection services, IConfiguration configuration);

/// <summary>Lets the configuration of a host choose what stands behind a port.</summary>
public static class AdapterExtensions
{
    private const string Section = "Adapters";

    // All services may share one set of settings, so a host accepts the ports of the others too.
    private static readonly string[] Ports = ["EventLog", "Metadata", "Objects", "ClickHouse", "Notifications"];

    /// <summary>Adds the adapter that <c>Millrace:Adapters:&lt;port&gt;</c> names; without the setting the first.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="port">Name of the port, such as <c>EventLog</c>.</param>
    /// <param name="adapters">What this host knows, by the names to use in the setting, such as <c>fasterlog</c>.</param>
    /// <exception cref="StartException">The setting names no adapter that this host knows, or a setting beside it no port.</exception>
    public static IHostApplicationBuilder AddAdapter(
        this IHostApplicationBuilder builder, string port, params (string Name, AddAdapter Add)[] adapters)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(adapters);
        var section = builder.Configuration.GetSection(OptionsExtensions.Root).GetSection(Section);
        foreach (var child in section.GetChildren())
        {
            if (!Ports.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                throw new StartException($"{child.Path} is not a setting{UnknownKeys.Suggest(child.Key, Ports)}");
        }

        var name = section[port] ?? adapters[0].Name;
        foreach (var (known, add) in adapters)
        {
            if (!string.Equals(known, name, StringComparison.OrdinalIgnoreCase)) continue;
            add(builder.Services, builder.Configuration);
            return builder;
        }

        throw new StartException(
            $"{section.Path}:{port} is '{name}', but this host knows only {string.Join(", ", adapters.Select(adapter => adapter.Name))}.");
    }
}

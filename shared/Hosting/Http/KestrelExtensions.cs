using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;

namespace Millrace.Hosting.Http;

/// <summary>Sets the web server up from <see cref="HttpOptions"/>.</summary>
internal static class KestrelExtensions
{
    // A request line carries an access token of up to 8 KiB.
    private const int RequestLineBytes = 16 * 1024;

    public static void AddMillraceKestrel(this IServiceCollection services, IConfiguration configuration, int defaultPort)
    {
        services.AddMillraceOptions<HttpOptions, HttpOptionsValidator>(configuration, "Http");
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<HttpOptions>, HttpOptionsRules>());
        services.TryAddSingleton<ConnectionLimit>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>, ConnectionLimit>((kestrel, http, connections) =>
        {
            HttpOptions options;
            try
            {
                options = http.Value;
            }
            catch (OptionsValidationException)
            {
                // The server is made while the host is built, before anything is validated: the start reports this with all the rest.
                return;
            }

            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            // The server's own limit closes without a word; ours answers first.
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => connections.ServeAsync(connection, next)));
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(options.MinBodyRate, options.BodyGrace);
            kestrel.Limits.MaxRequestHeaderCount = options.MaxHeaders;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes;
            kestrel.Limits.KeepAliveTimeout = options.KeepAlive;
            kestrel.Limits.RequestHeadersTimeout = options.HeadersTimeout;
            kestrel.Limits.MaxRequestLineSize = RequestLineBytes;
            // Who gives URLs or endpoints in ASP.NET Core's own way (--urls, Kestrel:Endpoints) means those.
            if (string.IsNullOrEmpty(configuration[WebHostDefaults.ServerUrlsKey]) && !configuration.GetSection("Kestrel:Endpoints").Exists())
                Listen(kestrel, options.Address, options.Port ?? defaultPort);
        });
    }

    private static void Listen(KestrelServerOptions kestrel, string address, int port)
    {
        if (address == "*")
            kestrel.ListenAnyIP(port);
        else if (address == "localhost" && port != 0)
            kestrel.ListenLocalhost(port);
        else
            kestrel.Listen(address == "localhost" ? IPAddress.Loopback : IPAddress.Parse(address), port);
    }
}

using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Millrace.RealtimeGateway.Forwarding;

/// <summary>Forwards the requests of other services to them, credential and all; they decide.</summary>
internal sealed class ServiceForwarder(IHttpForwarder forwarder, IOptions<GatewayOptions> options, ILogger<ServiceForwarder> logger) : IDisposable
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
        ConnectTimeout = TimeSpan.FromSeconds(5),
        // An address may stand for several instances that come and go.
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
    });

    /// <summary>Maps the paths of the services whose address is known.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = endpoints.ServiceProvider.GetRequiredService<ServiceForwarder>();
        var forward = endpoints.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value.Forward;
        self.Map(endpoints, "ingest", forward.Ingest, "/ingest", "/api/v1/dead-letters");
        self.Map(endpoints, "alerting", forward.Alerting, "/api/v1/rules", "/api/v1/alerts", "/api/v1/receivers", "/api/v1/deliveries");
        self.Map(endpoints, "archiver", forward.Archiver, "/api/v1/metrics", "/api/v1/events", "/api/v1/query", "/api/v1/bi-credentials", "/api/v1/replays");
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private void Map(IEndpointRouteBuilder endpoints, string service, Uri? address, params ReadOnlySpan<string> paths)
    {
        if (address is null) return;
        var destination = address.AbsoluteUri;
        foreach (var path in paths) endpoints.Map(path + "/{**rest}", http => ForwardAsync(http, service, destination));
    }

    private async Task ForwardAsync(HttpContext http, string service, string destination)
    {
        var request = new ForwarderRequestConfig { ActivityTimeout = options.Value.Forward.IdleTimeout, Version = HttpVersion.Version11 };
        var error = await forwarder.SendAsync(http, destination, _client, request, HttpTransformer.Default);
        if (error is ForwarderError.None or ForwarderError.RequestCanceled || http.RequestAborted.IsCancellationRequested) return;
        var cause = http.Features.Get<IForwarderErrorFeature>()?.Exception;
        Log.ForwardingFailed(logger, service, destination, error, cause);
        if (!http.Response.HasStarted) await Problems.WriteAsync(http, ErrorCodes.Unavailable, $"The {service} service does not answer. Try again.");
    }
}

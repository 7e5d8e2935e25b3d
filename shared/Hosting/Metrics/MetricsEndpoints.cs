using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Hosting.Metrics;

/// <summary><c>/metrics</c>: every instrument of the listened meters in Prometheus' text format. It needs no credential.</summary>
public static class MetricsEndpoints
{
    /// <summary>Maps <c>GET /metrics</c>; counting begins here.</summary>
    public static IEndpointRouteBuilder MapMillraceMetrics(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var collector = endpoints.ServiceProvider.GetRequiredService<MetricsCollector>();
        var version = typeof(MetricsEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        endpoints.MapGet("/metrics", context =>
        {
            context.Response.ContentType = PrometheusWriter.ContentType;
            context.Response.Headers.CacheControl = "no-store";
            return context.Response.WriteAsync(PrometheusWriter.Write(collector, version), context.RequestAborted);
        });
        return endpoints;
    }
}

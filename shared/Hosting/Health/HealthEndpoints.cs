using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Hosting.Health;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: everything tagged <c>ready</c> is well (200) or not (503).
/// <c>/health/serving</c>: this process's own parts run and it does not stop; servers it depends on are not asked, since another instance would be no better
/// off. <c>/health</c>: the state of each dependency. All are JSON and need no credential; they say what is wrong, never how to get in.
/// </summary>
public static class HealthEndpoints
{
    /// <summary>Tag of the checks that decide whether the process takes traffic.</summary>
    public const string ReadyTag = "ready";

    /// <summary>Tag of the checks of the process itself.</summary>
    public const string ServingTag = "serving";

    /// <summary>Maps the four paths.</summary>
    public static IEndpointRouteBuilder MapMillraceHealth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var reports = endpoints.ServiceProvider.GetRequiredService<HealthReports>();
        endpoints.MapGet("/health/live", static context => WriteAsync(context, HealthStatus.Healthy, null));
        endpoints.MapGet("/health/ready", async context => await AnswerAsync(context, await reports.ReadyAsync(context.RequestAborted)));
        endpoints.MapGet("/health/serving", async context => await AnswerAsync(context, await reports.ServingAsync(context.RequestAborted)));
        endpoints.MapGet("/health", async context => await AnswerAsync(context, await reports.AllAsync(context.RequestAborted)));
        return endpoints;
    }

    private static Task AnswerAsync(HttpContext context, HealthReport report)
    {
        context.Response.StatusCode = report.Status == HealthStatus.Unhealthy
            ? StatusCodes.Status503ServiceUnavailable
            : StatusCodes.Status200OK;
        return WriteAsync(context, report.Status, report);
    }

    private static async Task WriteAsync(HttpContext context, HealthStatus status, HealthReport? report)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", NameOf(status));
        if (report is not null)
        {
            json.WriteStartObject("dependencies");
            foreach (var (name, entry) in report.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject(name);
                json.WriteString("status", NameOf(entry.Status));
                if (entry.Description is not null)
                    json.WriteString("detail", Tell(entry));
                json.WriteNumber("elapsed_ms", Math.Round(entry.Duration.TotalMilliseconds, 1));
                foreach (var (key, value) in entry.Data)
                    json.WriteString(key, value?.ToString());
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    // A check that throws is described by its exception's text, which may name what strangers should not know; the log has it.
    private static string? Tell(HealthReportEntry entry) =>
        entry.Exception is { } exception && entry.Description == exception.Message ? "The check failed; see the log." : entry.Description;

    private static string NameOf(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}

using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Windows;

namespace Millrace.RealtimeGateway.Http;

/// <summary><c>GET /api/v1/windows</c>: windows as last seen, by start, page by page.</summary>
internal sealed class WindowsEndpoint(WindowPages pages)
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = ActivatorUtilities.CreateInstance<WindowsEndpoint>(endpoints.ServiceProvider);
        endpoints.MapGet("/api/v1/windows", (RequestDelegate)self.ListAsync).RequireScopes(Scopes.Read);
    }

    private async Task ListAsync(HttpContext context)
    {
        var (page, problem) = await pages.ReadAsync(context.GetCaller().Tenant, context.Request.Query, context.RequestAborted);
        if (page is null)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, problem);
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = page.Length;
        await context.Response.Body.WriteAsync(page, context.RequestAborted);
    }

    /// <summary>Reads which windows are asked for.</summary>
    internal static bool TryRead(IQueryCollection query, GatewayWindowsOptions limits, out WindowQuery result, out string problem)
    {
        result = default;
        problem = "";
        long from = long.MinValue, to = long.MaxValue;
        int? size = null;
        bool? final = null;
        WindowCursor? cursor = null;
        var limit = limits.Page;
        if (Text("from") is { } f && !TryTime(f, out from)) problem = "?from= must be a time: RFC 3339 or milliseconds since 1970.";
        if (Text("to") is { } t && !TryTime(t, out to)) problem = "?to= must be a time: RFC 3339 or milliseconds since 1970.";
        if (Text("limit") is { } l && (!int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit < 1 || limit > limits.MaxPage))
            problem = $"?limit= is 1 to {limits.MaxPage}.";
        if (Text("final") is { } flag)
        {
            if (flag is "true" or "1") final = true;
            else if (flag is "false" or "0") final = false;
            else problem = "?final= is true or false.";
        }

        if (Text("size") is { } s)
        {
            var digits = s.EndsWith("ms", StringComparison.Ordinal) ? s[..^2] : s.EndsWith('s') ? s[..^1] : "";
            if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is > 0 and < 1_000_000_000)
                size = s.EndsWith("ms", StringComparison.Ordinal) ? n : (int)Math.Min(n * 1000L, int.MaxValue);
            else problem = "?size= is a length such as 1s, 60s or 500ms.";
        }

        if (Text("cursor") is { } c && !WindowCursor.TryParse(c, out cursor)) problem = "?cursor= is not one of ours.";
        result = new WindowQuery(from, to, size, Text("type"), final, cursor, limit);
        return problem.Length == 0;

        string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;
    }

    private static bool TryTime(string text, out long ms)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out ms)) return true;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return false;
        ms = time.ToUnixTimeMilliseconds();
        return true;
    }
}

using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Sources;
using Millrace.RealtimeGateway.Windows;

namespace Millrace.RealtimeGateway.Http;

/// <summary><c>GET /api/v1/windows</c>: windows as last seen, by start, page by page.</summary>
internal sealed class WindowsEndpoint(ChannelRegistry registry, WindowBackfill backfill, IOptions<GatewayOptions> options, TimeProvider time)
{
    // What was there before a restart comes back within moments; a page without it would look complete.
    private static readonly TimeSpan BackfillPatience = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = ActivatorUtilities.CreateInstance<WindowsEndpoint>(endpoints.ServiceProvider);
        endpoints.MapGet("/api/v1/windows", (RequestDelegate)self.ListAsync).RequireScopes(Scopes.Read);
    }

    private async Task ListAsync(HttpContext context)
    {
        var stream = context.Request.Query["stream"].ToString();
        if (!ChannelName.IsStream(stream))
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, "?stream= must name a stream: [a-z0-9][a-z0-9._-]{0,63}.");
            return;
        }

        if (!TryRead(context.Request.Query, options.Value.Windows, out var query, out var problem))
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, problem);
            return;
        }

        var complete = await IsCompleteAsync(context.RequestAborted);
        var items = new List<Publication>();
        WindowCursor? next = null;
        if (registry.Find(ChannelName.Metrics(context.GetCaller().Tenant, stream)) is { } channel)
            next = channel.Read(content => ((WindowContent)content).Query(query, items));
        await WriteAsync(context, items, next, complete);
    }

    private async Task<bool> IsCompleteAsync(CancellationToken cancellationToken)
    {
        if (backfill.Done.IsCompleted) return true;
        try
        {
            await backfill.Done.WaitAsync(BackfillPatience, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task WriteAsync(HttpContext context, List<Publication> items, WindowCursor? next, bool complete)
    {
        var b = new Utf8Builder(items.Sum(i => i.Data.Length + 1) + 256);
        b.Add("{\"items\":["u8);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) b.Add((byte)',');
            b.Add(items[i].Data);
        }

        b.Add("],\"next\":"u8);
        if (next is null)
        {
            b.Add("null"u8);
        }
        else
        {
            b.Add((byte)'"');
            b.Add(next.Format());
            b.Add((byte)'"');
        }

        if (!complete) b.Add(",\"complete\":false"u8);
        b.Add((byte)'}');
        var body = b.Written.ToArray();
        b.Dispose();
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
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

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Sources;
using Millrace.RealtimeGateway.Windows;

namespace Millrace.RealtimeGateway.Http;

/// <summary>Pages of windows as last seen, for HTTP and for remote calls.</summary>
internal sealed class WindowPages(ChannelRegistry registry, WindowBackfill backfill, IOptions<GatewayOptions> options, TimeProvider time)
{
    // What was there before a restart comes back within moments; a page without it would look complete.
    private static readonly TimeSpan BackfillPatience = TimeSpan.FromSeconds(10);

    /// <summary>A page as a JSON document, or what is wrong with what was asked.</summary>
    public async ValueTask<(byte[]? Page, string Problem)> ReadAsync(string tenant, IQueryCollection asked, CancellationToken cancellationToken)
    {
        var stream = asked["stream"].ToString();
        if (!ChannelName.IsStream(stream)) return (null, "?stream= must name a stream: [a-z0-9][a-z0-9._-]{0,63}.");
        if (!WindowsEndpoint.TryRead(asked, options.Value.Windows, out var query, out var problem)) return (null, problem);
        var complete = await IsCompleteAsync(cancellationToken);
        var items = new List<Publication>();
        WindowCursor? next = null;
        if (registry.Find(ChannelName.Metrics(tenant, stream)) is { } channel)
            next = channel.Read(content => ((WindowContent)content).Query(query, items));
        return (Document(items, next, complete), "");
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

    private static byte[] Document(List<Publication> items, WindowCursor? next, bool complete)
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
        return body;
    }
}

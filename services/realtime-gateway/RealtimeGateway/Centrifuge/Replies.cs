using System.Text.Json;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Fanout;

namespace Millrace.RealtimeGateway.Centrifuge;

/// <summary>Writes replies of the Centrifuge client protocol in JSON.</summary>
internal static class Replies
{
    /// <summary>The server's ping: an empty reply.</summary>
    public static Frame Ping { get; } = Frame.Text(Wire.Centrifuge, "{}"u8);

    /// <summary>A command failed.</summary>
    public static Frame Error(uint id, ClientError error)
    {
        var b = Begin(id);
        b.Add("\"error\":{\"code\":"u8);
        b.Add(error.Code);
        b.Add(",\"message\":\""u8);
        b.Add(error.Message);
        b.Add(error.Temporary ? "\",\"temporary\":true}}"u8 : "\"}}"u8);
        return End(ref b);
    }

    /// <summary>The client is in.</summary>
    public static Frame Connected(uint id, string client, string version, int? ttlSeconds, TimeSpan? ping)
    {
        var b = Begin(id);
        b.Add("\"connect\":{"u8);
        WriteIdentity(ref b, client, version, ttlSeconds);
        if (ping is { } interval)
        {
            // Whole seconds are all the protocol has; a client waits some seconds longer anyway.
            b.Add(",\"ping\":"u8);
            b.Add((long)Math.Max(1, Math.Ceiling(interval.TotalSeconds)));
            b.Add(",\"pong\":true"u8);
        }

        b.Add("}}"u8);
        return End(ref b);
    }

    /// <summary>The new token is taken.</summary>
    public static Frame Refreshed(uint id, string client, string version, int? ttlSeconds)
    {
        var b = Begin(id);
        b.Add("\"refresh\":{"u8);
        WriteIdentity(ref b, client, version, ttlSeconds);
        b.Add("}}"u8);
        return End(ref b);
    }

    /// <summary>A subscription begins.</summary>
    /// <param name="command">What the client asked for.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="outcome">What it gets.</param>
    public static Frame Subscribed(Command command, Channel channel, SubscribeOutcome outcome)
    {
        var b = Begin(command.Id);
        b.Add("\"subscribe\":{\"recoverable\":true,\"positioned\":true,\"epoch\":"u8);
        b.Add(JsonSerializer.SerializeToUtf8Bytes(outcome.Epoch));
        b.Add(",\"offset\":"u8);
        // With publications the client starts where it was and moves on through them.
        b.Add(outcome.Missed.Count > 0 ? command.Offset : outcome.Offset);
        if (command.Recover) b.Add(",\"was_recovering\":true"u8);
        if (outcome.Recovered) b.Add(",\"recovered\":true"u8);
        if (outcome.Missed.Count > 0)
        {
            b.Add(",\"publications\":"u8);
            WritePublications(ref b, channel, outcome.Missed);
        }

        if (outcome.Snapshot is not null)
        {
            b.Add(",\"data\":"u8);
            ChannelMessages.WriteSnapshot(ref b, outcome.Snapshot);
        }

        b.Add("}}"u8);
        return End(ref b);
    }

    /// <summary>A subscription has ended as asked.</summary>
    public static Frame Unsubscribed(uint id)
    {
        var b = Begin(id);
        b.Add("\"unsubscribe\":{}}"u8);
        return End(ref b);
    }

    /// <summary>The server ends a subscription.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="code">2000-2499: for good; 2500-2999: the client subscribes again.</param>
    /// <param name="reason">For people.</param>
    public static Frame UnsubscribedByServer(string channel, int code, string reason)
    {
        var b = new Utf8Builder(256);
        b.Add("{\"push\":{\"channel\":"u8);
        b.Add(JsonSerializer.SerializeToUtf8Bytes(channel));
        b.Add(",\"unsubscribe\":{\"code\":"u8);
        b.Add(code);
        b.Add(",\"reason\":\""u8);
        b.Add(reason);
        b.Add("\"}}}"u8);
        return End(ref b);
    }

    /// <summary>A page of history.</summary>
    public static Frame History(uint id, Channel channel, HistoryPage page)
    {
        var b = Begin(id);
        b.Add("\"history\":{\"epoch\":"u8);
        b.Add(JsonSerializer.SerializeToUtf8Bytes(page.Epoch));
        b.Add(",\"offset\":"u8);
        b.Add(page.Offset);
        b.Add(",\"publications\":"u8);
        WritePublications(ref b, channel, page.Publications);
        b.Add("}}"u8);
        return End(ref b);
    }

    private static void WriteIdentity(ref Utf8Builder b, string client, string version, int? ttlSeconds)
    {
        b.Add("\"client\":\""u8);
        b.Add(client);
        b.Add("\",\"version\":\""u8);
        b.Add(version);
        b.Add((byte)'"');
        if (ttlSeconds is not { } ttl) return;
        b.Add(",\"expires\":true,\"ttl\":"u8);
        b.Add(ttl);
    }

    private static void WritePublications(ref Utf8Builder b, Channel channel, IReadOnlyList<Publication> publications)
    {
        b.Add((byte)'[');
        for (var i = 0; i < publications.Count; i++)
        {
            if (i > 0) b.Add((byte)',');
            channel.Messages.WriteBody(ref b, publications[i]);
        }

        b.Add((byte)']');
    }

    private static Utf8Builder Begin(uint id)
    {
        var b = new Utf8Builder(512);
        b.Add("{\"id\":"u8);
        b.Add(id);
        b.Add((byte)',');
        return b;
    }

    private static Frame End(ref Utf8Builder b)
    {
        var frame = Frame.Text(Wire.Centrifuge, b.Written);
        b.Dispose();
        return frame;
    }
}

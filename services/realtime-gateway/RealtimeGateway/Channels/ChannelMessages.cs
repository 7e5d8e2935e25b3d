using System.Text;
using System.Text.Json;
using Millrace.RealtimeGateway.Centrifuge.Formats;
using Millrace.RealtimeGateway.Fanout;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>The messages of one channel on every wire (docs/protocols.md, "Realtime").</summary>
/// <param name="name">The channel.</param>
/// <param name="words">What its items are called; <see langword="null"/> when they go out as they came.</param>
internal sealed partial class ChannelMessages(string name, ItemWords? words)
{
    private readonly byte[] _name = JsonSerializer.SerializeToUtf8Bytes(name);
    private byte[] _epoch = [];
    private byte[] _epochJson = "\"\""u8.ToArray();

    /// <summary>Epoch of the topic as it stands in messages.</summary>
    public string Epoch
    {
        get => Encoding.UTF8.GetString(_epoch);
        set
        {
            _epoch = Encoding.UTF8.GetBytes(value);
            _epochJson = JsonSerializer.SerializeToUtf8Bytes(value);
        }
    }

    private ReadOnlySpan<byte> Type => words is null ? default : words.One;

    private ReadOnlySpan<byte> Plural => words is null ? "publications"u8 : words.Many;

    /// <summary>One publication.</summary>
    public Frame Publication(Wire wire, Publication publication)
    {
        if (words is not null || wire.Format is not { } format)
            return Encode(wire, Type, publication.Data, publication.Offset, aggregated: false, publication.SampleRate);
        using var to = BeginPush(wire, format, Fields.Push.Pub, publication.Data.Length + 256);
        Write(to, publication);
        return EndPush(wire, to);
    }

    /// <summary>The latest state of several items, as a snapshot.</summary>
    /// <param name="wire">The wire.</param>
    /// <param name="document">From <see cref="Collect"/>.</param>
    /// <param name="offset">Position after it.</param>
    /// <param name="aggregated">Whether it stands for changes that were not sent one by one.</param>
    public Frame Snapshot(Wire wire, ReadOnlySpan<byte> document, long offset, bool aggregated) =>
        Encode(wire, "snapshot"u8, document, offset, aggregated, 1);

    /// <summary>A note that the channel sends less than everything, or everything again.</summary>
    public Frame Degraded(Wire wire, ReadOnlySpan<byte> document) => Encode(wire, "degraded"u8, document, 0, aggregated: false, 1);

    /// <summary>The document of a snapshot: <c>{"windows":[…]}</c>, <c>{"events":[…]}</c> or <c>{"alerts":[…]}</c>.</summary>
    public byte[] Collect(IReadOnlyList<Publication> items)
    {
        var b = new Utf8Builder(items.Sum(i => i.Data.Length + 1) + 32);
        try
        {
            b.Add("{\""u8);
            b.Add(Plural);
            b.Add("\":["u8);
            for (var i = 0; i < items.Count; i++)
            {
                if (i > 0) b.Add((byte)',');
                b.Add(items[i].Data);
            }

            b.Add("]}"u8);
            return b.Written.ToArray();
        }
        finally
        {
            b.Dispose();
        }
    }

    /// <summary>Writes the fields of a publication as the Centrifuge protocol has them.</summary>
    public void Write(MessageWriter to, Publication publication)
    {
        if (words is not null)
        {
            Write(to, Type, publication.Data, publication.Offset, aggregated: false, publication.SampleRate);
            return;
        }

        to.Data(Fields.Publication.Data, publication.Data);
        if (publication.Info is { } info) Write(to, Fields.Publication.Info, info);
        to.Number(Fields.Publication.Offset, publication.Offset);
        if (publication.Tags is { Count: > 0 } tags) WriteTags(to, tags);
    }

    /// <summary>A client has come or gone.</summary>
    public Frame JoinLeave(Wire wire, MessageFormat format, ClientInfo info, bool joined)
    {
        using var to = BeginPush(wire, format, joined ? Fields.Push.Join : Fields.Push.Leave, 256);
        Write(to, Fields.JoinLeave.Info, info);
        return EndPush(wire, to);
    }

    /// <summary>Writes a client as others in the channel see it.</summary>
    public static void Write(MessageWriter to, Field field, ClientInfo info)
    {
        to.Begin(field);
        WriteFields(to, info);
        to.End();
    }

    /// <summary>Writes the fields of a client.</summary>
    public static void WriteFields(MessageWriter to, ClientInfo info)
    {
        to.Text(Fields.ClientInfo.User, info.User);
        to.Text(Fields.ClientInfo.Client, info.Client);
        if (info.ConnInfo is { } connection) to.Data(Fields.ClientInfo.ConnInfo, connection);
        if (info.ChanInfo is { } channel) to.Data(Fields.ClientInfo.ChanInfo, channel);
    }

    /// <summary>The wrapped snapshot that a subscribe reply carries under <c>data</c>.</summary>
    public static byte[] Wrapped(ReadOnlySpan<byte> snapshot)
    {
        var b = new Utf8Builder(snapshot.Length + 64);
        b.Add("{\"type\":\"snapshot\",\"data\":"u8);
        b.Add(snapshot);
        b.Add((byte)'}');
        var bytes = b.Written.ToArray();
        b.Dispose();
        return bytes;
    }

    private Frame Encode(Wire wire, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, long offset, bool aggregated, double sampleRate)
    {
        if (wire.Format is { } format) return EncodePush(wire, format, type, data, offset, aggregated, sampleRate);
        var b = new Utf8Builder(data.Length + 256);
        try
        {
            if (wire.Form == MessageForm.PlainEvents)
            {
                if (offset != 0)
                {
                    b.Add("id: "u8);
                    b.Add(_epoch);
                    b.Add((byte)':');
                    b.Add(offset);
                    b.Add((byte)'\n');
                }

                b.Add("data: "u8);
            }

            WritePlain(ref b, type, data, offset, aggregated, sampleRate);
            if (wire.Form == MessageForm.PlainEvents) b.Add("\n\n"u8);
            return wire.Framing.Wrap(b.Written);
        }
        finally
        {
            b.Dispose();
        }
    }

    private Frame EncodePush(
        Wire wire, MessageFormat format, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, long offset, bool aggregated, double sampleRate)
    {
        using var to = BeginPush(wire, format, Fields.Push.Pub, data.Length + 256);
        Write(to, type, data, offset, aggregated, sampleRate);
        return EndPush(wire, to);
    }

    private MessageWriter BeginPush(Wire wire, MessageFormat format, Field what, int capacity)
    {
        var to = format.Begin(capacity);
        if (wire.Form == MessageForm.Replies) to.Begin(Fields.Reply.Push);
        to.Text(Fields.Push.Channel, name);
        to.Begin(what);
        return to;
    }

    private static Frame EndPush(Wire wire, MessageWriter to)
    {
        to.End();
        if (wire.Form == MessageForm.Replies) to.End();
        return wire.Framing.Wrap(to.Finish());
    }

    private static void Write(MessageWriter to, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, long offset, bool aggregated, double sampleRate)
    {
        var b = new Utf8Builder(data.Length + 128);
        try
        {
            b.Add("{\"type\":\""u8);
            b.Add(type);
            b.Add((byte)'"');
            WriteMarks(ref b, aggregated, sampleRate);
            b.Add(",\"data\":"u8);
            b.Add(data);
            b.Add((byte)'}');
            to.Data(Fields.Publication.Data, b.Written);
        }
        finally
        {
            b.Dispose();
        }

        to.Number(Fields.Publication.Offset, offset);
    }

    private void WritePlain(ref Utf8Builder b, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, long offset, bool aggregated, double sampleRate)
    {
        b.Add("{\"type\":\""u8);
        b.Add(type);
        b.Add("\",\"channel\":"u8);
        b.Add(_name);
        b.Add(",\"epoch\":"u8);
        b.Add(_epochJson);
        b.Add(",\"offset\":"u8);
        b.Add(offset);
        WriteMarks(ref b, aggregated, sampleRate);
        b.Add(",\"data\":"u8);
        b.Add(data);
        b.Add((byte)'}');
    }

    private static void WriteMarks(ref Utf8Builder b, bool aggregated, double sampleRate)
    {
        if (aggregated) b.Add(",\"mode\":\"aggregated\""u8);
        if (sampleRate < 1)
        {
            b.Add(",\"sample_rate\":"u8);
            b.Add(sampleRate);
        }
    }
}

using System.Text;
using Millrace.Contracts.Events;
using Millrace.RealtimeGateway.Centrifuge.Commands;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>
/// The client protocol in Protobuf: commands one after another, each after its length. Unknown fields, and known ones of another type, are passed over.
/// </summary>
internal sealed class ProtobufFormat : MessageFormat
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private static readonly Command Pong = new();

    public override string Name => "protobuf";

    public override MessageWriter Begin(int capacity = 512) => new ProtobufMessageWriter(capacity);

    public override bool TryRead(ReadOnlySpan<byte> frame, List<Command> into)
    {
        var before = into.Count;
        try
        {
            while (!frame.IsEmpty)
            {
                if (!TryTake(ref frame, out var message)) return false;
                if (message.IsEmpty)
                {
                    // The answer to a ping: one byte, which must not become an object each.
                    into.Add(Pong);
                    continue;
                }

                var command = new Command();
                if (!ReadCommand(message, command)) return false;
                into.Add(command);
            }
        }
        catch (DecoderFallbackException)
        {
            // A text that is not UTF-8.
            return false;
        }

        return into.Count > before;
    }

    public override Command? ReadConnect(ReadOnlySpan<byte> request)
    {
        var command = new Command { Method = CommandMethod.Connect };
        try
        {
            return ReadConnect(request, command) ? command : null;
        }
        catch (DecoderFallbackException)
        {
            // A text that is not UTF-8.
            return null;
        }
    }

    public override EmulationRequest? ReadEmulation(ReadOnlySpan<byte> body)
    {
        string node = "", session = "";
        byte[] data = [];
        var reader = new WireReader(body);
        while (reader.Next(out var field))
        {
            if (reader.WireType != 2) continue;
            if (field == 1) node = Encoding.UTF8.GetString(reader.Bytes);
            else if (field == 2) session = Encoding.UTF8.GetString(reader.Bytes);
            else if (field == 3) data = reader.Bytes.ToArray();
        }

        return reader.AtEnd ? new EmulationRequest(node, session, data) : null;
    }

    /// <summary>Takes the next message off a frame.</summary>
    internal static bool TryTake(ref ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> message)
    {
        message = default;
        ulong length = 0;
        for (var i = 0; i < frame.Length && i < 5; i++)
        {
            length |= (ulong)(frame[i] & 0x7f) << (7 * i);
            if (frame[i] >= 0x80) continue;
            if (length > (ulong)(frame.Length - i - 1)) return false;
            message = frame.Slice(i + 1, (int)length);
            frame = frame[(i + 1 + (int)length)..];
            return true;
        }

        return false;
    }

    private static bool ReadCommand(ReadOnlySpan<byte> message, Command command)
    {
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            if (field == 1 && reader.WireType == 0)
            {
                if (reader.Number > uint.MaxValue) return false;
                command.Id = (uint)reader.Number;
            }
            else if (reader.WireType == 2 && CommandNames.FromNumber(field) is var method and not CommandMethod.Pong)
            {
                if (command.Method != CommandMethod.Pong) return false;
                command.Method = method;
                if (!ReadRequest(reader.Bytes, command)) return false;
            }
        }

        return reader.AtEnd;
    }

    private static bool ReadRequest(ReadOnlySpan<byte> message, Command command) => command.Method switch
    {
        CommandMethod.Connect => ReadConnect(message, command),
        CommandMethod.Subscribe => ReadSubscribe(message, command),
        CommandMethod.History => ReadHistory(message, command),
        CommandMethod.Refresh => ReadSimple(message, command, token: 1),
        CommandMethod.SubRefresh => ReadSimple(message, command, channel: 1, token: 2, type: 3),
        CommandMethod.Publish => ReadSimple(message, command, channel: 1, data: 2, type: 3),
        CommandMethod.Rpc => ReadSimple(message, command, data: 1, method: 2),
        CommandMethod.Send => ReadSimple(message, command, data: 1),
        CommandMethod.Ping => ReadSimple(message, command),
        _ => ReadSimple(message, command, channel: 1),
    };

    private static bool ReadSimple(ReadOnlySpan<byte> message, Command command, int channel = -1, int token = -1, int data = -1, int method = -1, int type = -1)
    {
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            if (reader.WireType == 2 && field == channel) command.Channel = Text(reader.Bytes);
            else if (reader.WireType == 2 && field == token) command.Token = Text(reader.Bytes);
            else if (reader.WireType == 2 && field == data) command.Data = reader.Bytes.ToArray();
            else if (reader.WireType == 2 && field == method) command.RpcMethod = Text(reader.Bytes);
            else if (reader.WireType == 0 && field == type) command.Type = (int)reader.Number;
        }

        return reader.AtEnd;
    }

    private static bool ReadConnect(ReadOnlySpan<byte> message, Command command)
    {
        List<Command>? subs = null;
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            if (reader.WireType != 2) continue;
            switch (field)
            {
                case 1: command.Token = Text(reader.Bytes); break;
                case 2: command.Data = reader.Bytes.ToArray(); break;
                case 4: command.Name = Text(reader.Bytes); break;
                case 5: command.Version = Text(reader.Bytes); break;
                case 3:
                    var sub = new Command { Method = CommandMethod.Subscribe };
                    if (!ReadSub(reader.Bytes, sub)) return false;
                    (subs ??= []).Add(sub);
                    break;
            }
        }

        command.Subs = subs ?? (IReadOnlyList<Command>)[];
        return reader.AtEnd;
    }

    private static bool ReadSub(ReadOnlySpan<byte> entry, Command sub)
    {
        var channel = "";
        var reader = new WireReader(entry);
        while (reader.Next(out var field))
        {
            if (reader.WireType != 2) continue;
            if (field == 1) channel = Text(reader.Bytes);
            else if (field == 2 && !ReadSubscribe(reader.Bytes, sub)) return false;
        }

        sub.Channel = channel;
        return reader.AtEnd;
    }

    private static bool ReadSubscribe(ReadOnlySpan<byte> message, Command command)
    {
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            switch (field, reader.WireType)
            {
                case (1, 2): command.Channel = Text(reader.Bytes); break;
                case (2, 2): command.Token = Text(reader.Bytes); break;
                case (3, 0): command.Recover = reader.Number != 0; break;
                case (6, 2): command.Epoch = Text(reader.Bytes); break;
                case (7, 0): command.Offset = Offset(reader.Number); break;
                case (8, 2): command.Data = reader.Bytes.ToArray(); break;
                case (11, 0): command.JoinLeave = reader.Number != 0; break;
                case (12, 2): command.Delta = Text(reader.Bytes); break;
                case (13, 2):
                    if (!ReadFilter(reader.Bytes, 1, out var filter)) return false;
                    command.Filter = filter;
                    break;
                case (15, 0): command.Type = (int)reader.Number; break;
            }
        }

        return reader.AtEnd;
    }

    private static bool ReadHistory(ReadOnlySpan<byte> message, Command command)
    {
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            switch (field, reader.WireType)
            {
                case (1, 2): command.Channel = Text(reader.Bytes); break;
                case (7, 0): command.Limit = (int)reader.Number; break;
                case (8, 2):
                    command.HasSince = true;
                    if (!ReadSince(reader.Bytes, command)) return false;
                    break;
                case (9, 0): command.Reverse = reader.Number != 0; break;
            }
        }

        return reader.AtEnd;
    }

    private static bool ReadSince(ReadOnlySpan<byte> message, Command command)
    {
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            if (field == 1 && reader.WireType == 0) command.Offset = Offset(reader.Number);
            else if (field == 2 && reader.WireType == 2) command.Epoch = Text(reader.Bytes);
        }

        return reader.AtEnd;
    }

    private static bool ReadFilter(ReadOnlySpan<byte> message, int depth, out TagFilter? filter)
    {
        filter = null;
        if (depth > TagFilter.MaxDepth) return false;
        string op = "", key = "", cmp = "", val = "";
        var vals = new List<string>();
        var nodes = new List<TagFilter>();
        var reader = new WireReader(message);
        while (reader.Next(out var field))
        {
            if (reader.WireType != 2) continue;
            switch (field)
            {
                case 1: op = Text(reader.Bytes); break;
                case 2: key = Text(reader.Bytes); break;
                case 3: cmp = Text(reader.Bytes); break;
                case 4: val = Text(reader.Bytes); break;
                case 5: vals.Add(Text(reader.Bytes)); break;
                case 6:
                    if (!ReadFilter(reader.Bytes, depth + 1, out var node)) return false;
                    nodes.Add(node!);
                    break;
            }
        }

        filter = new TagFilter(op, key, cmp, val, vals, nodes);
        return reader.AtEnd;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Strict.GetString(bytes);

    private static long Offset(ulong value) => (long)Math.Min(value, long.MaxValue);
}

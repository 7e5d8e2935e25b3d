using System.Text.Json;
using Millrace.RealtimeGateway.Centrifuge.Commands;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

internal sealed partial class JsonFormat
{
    private static void ReadRequest(ref Utf8JsonReader reader, Command command, ReadOnlySpan<byte> json)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("channel"u8)) command.Channel = ReadText(ref reader);
            else if (reader.ValueTextEquals("token"u8)) command.Token = ReadText(ref reader);
            else if (reader.ValueTextEquals("recover"u8)) command.Recover = ReadFlag(ref reader);
            else if (reader.ValueTextEquals("epoch"u8)) command.Epoch = ReadText(ref reader);
            else if (reader.ValueTextEquals("offset"u8)) command.Offset = ReadOffset(ref reader);
            else if (reader.ValueTextEquals("limit"u8)) command.Limit = ReadInteger(ref reader);
            else if (reader.ValueTextEquals("reverse"u8)) command.Reverse = ReadFlag(ref reader);
            else if (reader.ValueTextEquals("type"u8)) command.Type = ReadInteger(ref reader);
            else if (reader.ValueTextEquals("join_leave"u8)) command.JoinLeave = ReadFlag(ref reader);
            else if (reader.ValueTextEquals("delta"u8)) command.Delta = ReadText(ref reader);
            else if (reader.ValueTextEquals("method"u8)) command.RpcMethod = ReadText(ref reader);
            else if (reader.ValueTextEquals("name"u8)) command.Name = ReadText(ref reader);
            else if (reader.ValueTextEquals("version"u8)) command.Version = ReadText(ref reader);
            else if (reader.ValueTextEquals("data"u8)) command.Data = ReadDocument(ref reader, json);
            else if (reader.ValueTextEquals("tf"u8)) command.Filter = ReadFilter(ref reader, 1);
            else if (reader.ValueTextEquals("since"u8)) ReadSince(ref reader, command);
            else if (reader.ValueTextEquals("subs"u8)) command.Subs = ReadSubs(ref reader, json);
            else Skip(ref reader);
        }
    }

    private static void ReadSince(ref Utf8JsonReader reader, Command command)
    {
        if (!EnterObject(ref reader)) return;
        command.HasSince = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("offset"u8)) command.Offset = ReadOffset(ref reader);
            else if (reader.ValueTextEquals("epoch"u8)) command.Epoch = ReadText(ref reader);
            else Skip(ref reader);
        }
    }

    private static List<Command> ReadSubs(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var subs = new List<Command>();
        if (!EnterObject(ref reader)) return subs;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var sub = new Command { Method = CommandMethod.Subscribe };
            var channel = reader.GetString()!;
            if (EnterObject(ref reader)) ReadRequest(ref reader, sub, json);
            sub.Channel = channel;
            subs.Add(sub);
        }

        return subs;
    }

    private static TagFilter? ReadFilter(ref Utf8JsonReader reader, int depth)
    {
        if (!EnterObject(ref reader)) return null;
        return ReadNode(ref reader, depth);
    }

    private static TagFilter ReadNode(ref Utf8JsonReader reader, int depth)
    {
        if (depth > TagFilter.MaxDepth) throw new JsonException();
        string op = "", key = "", cmp = "", val = "";
        var vals = new List<string>();
        var nodes = new List<TagFilter>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("op"u8)) op = ReadText(ref reader);
            else if (reader.ValueTextEquals("key"u8)) key = ReadText(ref reader);
            else if (reader.ValueTextEquals("cmp"u8)) cmp = ReadText(ref reader);
            else if (reader.ValueTextEquals("val"u8)) val = ReadText(ref reader);
            else if (reader.ValueTextEquals("vals"u8))
            {
                if (!EnterArray(ref reader)) continue;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) vals.Add(reader.GetString() ?? "");
            }
            else if (reader.ValueTextEquals("nodes"u8))
            {
                if (!EnterArray(ref reader)) continue;
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) nodes.Add(ReadNode(ref reader, depth + 1));
                if (reader.TokenType != JsonTokenType.EndArray) throw new JsonException();
            }
            else
            {
                Skip(ref reader);
            }
        }

        return new TagFilter(op, key, cmp, val, vals, nodes);
    }

    private static byte[] ReadDocument(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return json[start..(int)reader.BytesConsumed].ToArray();
    }

    private static bool EnterObject(ref Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartObject);

    private static bool EnterArray(ref Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.StartArray);

    private static bool Enter(ref Utf8JsonReader reader, JsonTokenType what)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return false;
        return reader.TokenType == what ? true : throw new JsonException();
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static string ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetString() ?? "";
    }

    private static bool ReadFlag(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType != JsonTokenType.Null && reader.GetBoolean();
    }

    private static int ReadInteger(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? 0 : reader.GetInt32();
    }

    // The protocol's uint64. No position of ours is above 2^53, which is as far as the clients' own numbers go.
    private static long ReadOffset(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.Null ? 0 : (long)Math.Min(reader.GetUInt64(), long.MaxValue);
    }
}

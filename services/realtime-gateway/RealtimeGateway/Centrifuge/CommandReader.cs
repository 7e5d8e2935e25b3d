using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Millrace.RealtimeGateway.Centrifuge;

/// <summary>
/// Reads commands of the Centrifuge client protocol in JSON: <c>{"id":1,"subscribe":{"channel":"…"}}</c>, several of them in a frame with line breaks
/// between. Unknown fields are passed over, as newer clients send them.
/// </summary>
internal static class CommandReader
{
    private const int MaxDepth = 64;

    /// <summary>Takes the next line off a frame.</summary>
    /// <returns><see langword="false"/> when nothing is left.</returns>
    public static bool NextLine(ref ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> line)
    {
        while (!frame.IsEmpty)
        {
            var end = frame.IndexOf((byte)'\n');
            line = end < 0 ? frame : frame[..end];
            frame = end < 0 ? default : frame[(end + 1)..];
            line = line.Trim(" \t\r"u8);
            if (!line.IsEmpty) return true;
        }

        line = default;
        return false;
    }

    /// <summary>Reads a command.</summary>
    /// <returns><see langword="false"/> when it is malformed.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Command? command)
    {
        command = new Command();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (ReadCommand(ref reader, command) && !reader.Read()) return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // Malformed like everything that ends up below: wrong JSON, wrong types, numbers out of range.
        }

        command = null;
        return false;
    }

    private static bool ReadCommand(ref Utf8JsonReader reader, Command command)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                command.Id = reader.GetUInt32();
                continue;
            }

            var method = MethodOf(ref reader);
            reader.Read();
            if (method == CommandMethod.Pong || reader.TokenType == JsonTokenType.Null)
            {
                reader.Skip();
                continue;
            }

            if (reader.TokenType != JsonTokenType.StartObject || command.Method != CommandMethod.Pong) return false;
            command.Method = method;
            ReadRequest(ref reader, command);
        }

        return reader.TokenType == JsonTokenType.EndObject;
    }

    private static void ReadRequest(ref Utf8JsonReader reader, Command command)
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
            else if (reader.ValueTextEquals("tf"u8)) command.HasFilter = SkipAndTell(ref reader);
            else if (reader.ValueTextEquals("since"u8)) ReadSince(ref reader, command);
            else SkipAndTell(ref reader);
        }
    }

    private static void ReadSince(ref Utf8JsonReader reader, Command command)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null) return;
        if (reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        command.HasSince = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("offset"u8)) command.Offset = ReadOffset(ref reader);
            else if (reader.ValueTextEquals("epoch"u8)) command.Epoch = ReadText(ref reader);
            else SkipAndTell(ref reader);
        }
    }

    private static bool SkipAndTell(ref Utf8JsonReader reader)
    {
        reader.Read();
        var given = reader.TokenType != JsonTokenType.Null;
        reader.Skip();
        return given;
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

    private static CommandMethod MethodOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("connect"u8)) return CommandMethod.Connect;
        if (reader.ValueTextEquals("subscribe"u8)) return CommandMethod.Subscribe;
        if (reader.ValueTextEquals("unsubscribe"u8)) return CommandMethod.Unsubscribe;
        if (reader.ValueTextEquals("publish"u8)) return CommandMethod.Publish;
        if (reader.ValueTextEquals("presence"u8)) return CommandMethod.Presence;
        if (reader.ValueTextEquals("presence_stats"u8)) return CommandMethod.PresenceStats;
        if (reader.ValueTextEquals("history"u8)) return CommandMethod.History;
        if (reader.ValueTextEquals("ping"u8)) return CommandMethod.Ping;
        if (reader.ValueTextEquals("send"u8)) return CommandMethod.Send;
        if (reader.ValueTextEquals("rpc"u8)) return CommandMethod.Rpc;
        if (reader.ValueTextEquals("refresh"u8)) return CommandMethod.Refresh;
        return reader.ValueTextEquals("sub_refresh"u8) ? CommandMethod.SubRefresh : CommandMethod.Pong;
    }
}

using System.Text.Json;
using Millrace.RealtimeGateway.Centrifuge.Commands;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>
/// The client protocol in JSON: <c>{"id":1,"subscribe":{"channel":"…"}}</c>, several commands in a frame with line breaks between. Unknown fields are passed
/// over, as newer clients send them.
/// </summary>
internal sealed partial class JsonFormat : MessageFormat
{
    private const int MaxDepth = 64;
    private static readonly (byte[] Name, CommandMethod Method)[] Methods =
        [.. CommandNames.All.Select(m => (System.Text.Encoding.ASCII.GetBytes(m.Name), m.Method))];

    public override string Name => "json";

    public override MessageWriter Begin(int capacity = 512) => new JsonMessageWriter(capacity);

    public override bool TryRead(ReadOnlySpan<byte> frame, List<Command> into)
    {
        var before = into.Count;
        while (NextLine(ref frame, out var line))
        {
            if (!TryReadLine(line, out var command)) return false;
            into.Add(command);
        }

        return into.Count > before;
    }

    public override Command? ReadConnect(ReadOnlySpan<byte> request)
    {
        var command = new Command { Method = CommandMethod.Connect };
        var reader = new Utf8JsonReader(request, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            ReadRequest(ref reader, command, request);
            return reader.TokenType == JsonTokenType.EndObject && !reader.Read() ? command : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // Wrong JSON, wrong types, numbers out of range.
            return null;
        }
    }

    public override EmulationRequest? ReadEmulation(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        string node = "", session = "", data = "";
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("node"u8)) node = ReadText(ref reader);
                else if (reader.ValueTextEquals("session"u8)) session = ReadText(ref reader);
                else if (reader.ValueTextEquals("data"u8)) data = ReadText(ref reader);
                else Skip(ref reader);
            }

            return reader.TokenType == JsonTokenType.EndObject && !reader.Read()
                ? new EmulationRequest(node, session, System.Text.Encoding.UTF8.GetBytes(data))
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Malformed.
            return null;
        }
    }

    /// <summary>Takes the next line off a frame.</summary>
    /// <returns><see langword="false"/> when nothing is left.</returns>
    internal static bool NextLine(ref ReadOnlySpan<byte> frame, out ReadOnlySpan<byte> line)
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
    internal static bool TryReadLine(ReadOnlySpan<byte> json, out Command command)
    {
        command = new Command();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            return ReadCommand(ref reader, command, json) && !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // Wrong JSON, wrong types, numbers out of range.
            return false;
        }
    }

    private static bool ReadCommand(ref Utf8JsonReader reader, Command command, ReadOnlySpan<byte> json)
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
            ReadRequest(ref reader, command, json);
        }

        return reader.TokenType == JsonTokenType.EndObject;
    }

    private static CommandMethod MethodOf(ref Utf8JsonReader reader)
    {
        foreach (var (name, method) in Methods)
        {
            if (reader.ValueTextEquals(name)) return method;
        }

        return CommandMethod.Pong;
    }
}

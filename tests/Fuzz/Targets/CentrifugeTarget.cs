using System.Text;
using System.Text.Json;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Centrifuge.Commands;
using Millrace.RealtimeGateway.Centrifuge.Formats;

namespace Millrace.Fuzz.Targets;

/// <summary>Frames of Centrifuge clients: commands as lines of JSON. What is accepted must say what a whole document says.</summary>
internal sealed class CentrifugeTarget : Target
{
    private static readonly string[] Methods = ["connect", "subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "ping", "send", "rpc", "refresh", "sub_refresh", "unknown"];
    private static readonly byte[][] Words = [.. new[] { "\"id\":1", "\"connect\":{}", "\"subscribe\":{\"channel\":\"", "\"offset\":18446744073709551615", "\"since\":{}", "\"recover\":true", "}\n{", "\"limit\":-1", "\"tf\":null" }.Select(Encoding.UTF8.GetBytes)];

    private readonly List<(string Line, Command Command)> _read = [];

    public override string Name => "centrifuge";

    public override byte[] Make(Source source)
    {
        var lines = new StringBuilder();
        for (var count = source.Between(1, 3); count > 0; count--) lines.Append(Line(source)).Append(source.Of(["\n", "\r\n", "\n\n", ""]));
        var frame = Encoding.UTF8.GetBytes(lines.ToString());
        return source.Once(2) ? frame : Mutator.Damage(frame, source, Words);
    }

    public override bool Parse(byte[] input)
    {
        _read.Clear();
        ReadOnlySpan<byte> frame = input;
        while (JsonFormat.NextLine(ref frame, out var line))
        {
            // The connection ends at the first line that is no command.
            if (!JsonFormat.TryReadLine(line, out var command)) return false;
            _read.Add((Encoding.UTF8.GetString(line), command));
        }

        return _read.Count > 0;
    }

    public override void Check(byte[] input, bool accepted)
    {
        foreach (var (line, command) in _read)
        {
            if (!JsonUnicode.IsWhole(Encoding.UTF8.GetBytes(line))) continue; // In a field that nobody looks at; a document can't be asked.
            using var document = JsonDocument.Parse(line);
            Require.Same(JsonValueKind.Object, document.RootElement.ValueKind, "an accepted command");
            var root = document.RootElement;
            Require.Same(root.TryGetProperty("id", out var id) ? id.GetUInt32() : 0u, command.Id, "the id");
            if (command.Method == CommandMethod.Pong) continue;
            var name = command.Method switch { CommandMethod.PresenceStats => "presence_stats", CommandMethod.SubRefresh => "sub_refresh", var method => method.ToString().ToLowerInvariant() };
            Require.That(root.TryGetProperty(name, out var request), $"the document has no {name}");
            if (request.ValueKind != JsonValueKind.Object) continue; // The method stands twice, once as null.
            Require.Same(Text(request, "channel"), command.Channel, "the channel");
            Require.Same(Text(request, "token"), command.Token, "the token");
            if (!request.TryGetProperty("since", out _)) Require.Same(Text(request, "epoch"), command.Epoch, "the epoch");
            Require.That(command.Offset >= 0, "a negative offset");
        }
    }

    private static string Text(JsonElement request, string name) =>
        request.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Line(Source source)
    {
        if (source.Once(15)) return source.Of(["{}", "null", "[]", "1", " "]);
        var fields = new List<string>();
        Maybe(2, "channel", () => JsonMaker.Quote(source, "tenant:acme:metrics:" + source.Word(4)));
        Maybe(4, "token", () => JsonMaker.Text(source, source.Length(8192)));
        Maybe(4, "recover", () => source.Of(["true", "false", "null", "1"]));
        Maybe(4, "epoch", () => JsonMaker.Text(source, 8));
        Maybe(4, "offset", () => Numbers.Any(source));
        Maybe(6, "limit", () => Numbers.Any(source));
        Maybe(6, "reverse", () => "true");
        Maybe(6, "tf", () => JsonMaker.Any(source));
        Maybe(6, "type", () => Numbers.Any(source));
        Maybe(5, "since", () => "{\"offset\":" + Numbers.Any(source) + ",\"epoch\":\"" + source.Word(4) + "\"}");
        Maybe(8, source.Word(4), () => JsonMaker.Any(source));
        var command = new List<string> { JsonMaker.Field(source, "id", source.Once(6) ? Numbers.Any(source) : "7"), JsonMaker.Field(source, source.Of(Methods), JsonMaker.Object(source, fields)) };
        if (source.Once(15)) command.Add(JsonMaker.Field(source, source.Of(Methods), "{}"));
        return JsonMaker.Object(source, command).ReplaceLineEndings(" ");

        void Maybe(int times, string name, Func<string> make)
        {
            if (source.Once(times)) fields.Add(JsonMaker.Field(source, name, make()));
        }
    }
}

using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>Writes a message as a JSON object.</summary>
internal sealed class JsonMessageWriter : MessageWriter
{
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public JsonMessageWriter(int capacity)
        : base(capacity) => Add((byte)'{');

    public override void Begin(Field field)
    {
        Name(field);
        Add((byte)'{');
    }

    public override void End() => Add((byte)'}');

    public override void BeginList(Field field)
    {
        Name(field);
        Add((byte)'[');
    }

    public override void BeginItem(Field field)
    {
        Separate();
        Add((byte)'{');
    }

    public override void EndList() => Add((byte)']');

    public override void BeginMap(Field field) => Begin(field);

    public override void BeginEntry(Field field, string key)
    {
        Separate();
        Quote(key);
        Add(":{"u8);
    }

    public override void EndEntry() => End();

    public override void TextEntry(Field field, string key, string value)
    {
        Separate();
        Quote(key);
        Add((byte)':');
        Quote(value);
    }

    public override void EndMap() => End();

    public override void Number(Field field, long value, bool always = false)
    {
        if (value == 0 && !always) return;
        Name(field);
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out var written);
        Add(digits[..written]);
    }

    public override void Flag(Field field, bool value)
    {
        if (!value) return;
        Name(field);
        Add("true"u8);
    }

    public override void Text(Field field, string value)
    {
        if (value.Length == 0) return;
        Name(field);
        Quote(value);
    }

    public override void Data(Field field, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty) return;
        Name(field);
        Add(json);
    }

    public override void Opaque(Field field, ReadOnlySpan<byte> utf8)
    {
        Name(field);
        var escaped = JsonEncodedText.Encode(utf8, Encoder);
        Add((byte)'"');
        Add(escaped.EncodedUtf8Bytes);
        Add((byte)'"');
    }

    public override ReadOnlySpan<byte> Finish()
    {
        Add((byte)'}');
        return Bytes;
    }

    private void Name(Field field)
    {
        Separate();
        Add(field.Name);
    }

    // Nothing that ends a value is an opening bracket.
    private void Separate()
    {
        if (Bytes[^1] is not ((byte)'{' or (byte)'[')) Add((byte)',');
    }

    private void Quote(string text)
    {
        Add((byte)'"');
        Add(JsonEncodedText.Encode(text, Encoder).EncodedUtf8Bytes);
        Add((byte)'"');
    }
}

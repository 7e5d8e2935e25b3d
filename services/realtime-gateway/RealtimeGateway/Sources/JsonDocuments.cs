using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>A JSON writer over memory that is used again and again. Not thread-safe: one for each reader.</summary>
internal sealed class JsonDocuments : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);
    private readonly Utf8JsonWriter _json;

    public JsonDocuments()
    {
        // The documents go to JSON parsers, never into HTML: text stays readable.
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    /// <summary>Begins a document.</summary>
    public Utf8JsonWriter Begin()
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        return _json;
    }

    /// <summary>Ends it.</summary>
    /// <returns>Its bytes; the caller's.</returns>
    public byte[] End()
    {
        _json.Flush();
        return _buffer.WrittenSpan.ToArray();
    }

    public void Dispose() => _json.Dispose();
}

/// <summary>What the documents have in common.</summary>
internal static class JsonWriting
{
    /// <summary>Length of a time as text.</summary>
    public const int TimeLength = 24;

    /// <summary>A time as RFC 3339 in UTC with milliseconds; <see langword="null"/> for 0.</summary>
    public static void WriteTime(this Utf8JsonWriter json, ReadOnlySpan<byte> name, long unixMs)
    {
        if (unixMs == 0)
        {
            json.WriteNull(name);
            return;
        }

        Span<byte> text = stackalloc byte[TimeLength];
        FormatTime(unixMs, text);
        json.WriteString(name, text);
    }

    /// <summary>A number; what JSON has no number for becomes <see langword="null"/>.</summary>
    public static void WriteFinite(this Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }

    /// <summary>A text, or <see langword="null"/> for an empty one.</summary>
    public static void WriteText(this Utf8JsonWriter json, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length == 0) json.WriteNull(name);
        else json.WriteString(name, value);
    }

    /// <summary>Writes <c>2026-01-31T23:59:59.999Z</c>.</summary>
    public static void FormatTime(long unixMs, Span<byte> destination)
    {
        // Custom format strings cost three times as much, and each window has three times in it.
        var time = DateTime.UnixEpoch.AddMilliseconds(Math.Clamp(unixMs, -62_135_596_800_000, 253_402_300_799_999));
        time.Deconstruct(out DateOnly date, out TimeOnly clock);
        Digits(destination, date.Year, 4);
        destination[4] = (byte)'-';
        Digits(destination[5..], date.Month, 2);
        destination[7] = (byte)'-';
        Digits(destination[8..], date.Day, 2);
        destination[10] = (byte)'T';
        Digits(destination[11..], clock.Hour, 2);
        destination[13] = (byte)':';
        Digits(destination[14..], clock.Minute, 2);
        destination[16] = (byte)':';
        Digits(destination[17..], clock.Second, 2);
        destination[19] = (byte)'.';
        Digits(destination[20..], clock.Millisecond, 3);
        destination[23] = (byte)'Z';
    }

    private static void Digits(Span<byte> destination, int value, int count)
    {
        for (var i = count - 1; i >= 0; i--)
        {
            destination[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}

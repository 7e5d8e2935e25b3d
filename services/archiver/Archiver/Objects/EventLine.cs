using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.Archiver.Blocks;
using Millrace.Contracts.Events;

namespace Millrace.Archiver.Objects;

/// <summary>
/// Writes events as lines of JSON, in the shape in which ingest takes them, with <c>tenant</c> and <c>received_at</c> besides, and
/// <c>late</c> where it was. What an event lacks is left out. The same event always gives the same bytes.
/// </summary>
internal sealed class EventLine : IDisposable
{
    private readonly PooledBuffer _buffer;
    private readonly Utf8JsonWriter _json;
    private byte[] _data = [];

    /// <summary>Writes into a buffer, which stays the caller's.</summary>
    public EventLine(PooledBuffer buffer)
    {
        _buffer = buffer;
        // Text as it is, not \u escapes: these are files, not web pages. Validation is ingest's.
        _json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
    }

    /// <summary>Appends one line.</summary>
    /// <param name="view">The event.</param>
    /// <param name="late">Whether it came after the allowed lateness.</param>
    public void Write(in EventView view, bool late)
    {
        Span<byte> time = stackalloc byte[Rfc3339.Length];
        _json.Reset(_buffer);
        _json.WriteStartObject();
        _json.WriteString("id"u8, view.Id);
        _json.WriteString("stream"u8, view.Stream);
        _json.WriteString("type"u8, view.Type);
        Rfc3339.Format(view.TimeMs, time);
        _json.WriteString("time"u8, time);
        if (!view.Source.IsEmpty) _json.WriteString("source"u8, view.Source);
        WriteDims(view);
        WriteValues(view);
        if (view.HasGeo)
        {
            _json.WriteStartObject("geo"u8);
            _json.WriteNumber("lat"u8, view.Lat);
            _json.WriteNumber("lon"u8, view.Lon);
            _json.WriteEndObject();
        }

        if (!view.Data.IsEmpty)
        {
            _json.WritePropertyName("data"u8);
            _json.WriteRawValue(OneLine(view.Data), skipInputValidation: true);
        }

        _json.WriteString("tenant"u8, view.Tenant);
        Rfc3339.Format(view.ReceivedAtMs, time);
        _json.WriteString("received_at"u8, time);
        if (late) _json.WriteBoolean("late"u8, true);
        _json.WriteEndObject();
        _json.Flush();
        _buffer.Append(1)[0] = (byte)'\n';
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void WriteDims(in EventView view)
    {
        var any = false;
        foreach (var dim in view.Dims)
        {
            if (!any) _json.WriteStartObject("dims"u8);
            any = true;
            _json.WriteString(dim.Name, dim.Value);
        }

        if (any) _json.WriteEndObject();
    }

    private void WriteValues(in EventView view)
    {
        var any = false;
        foreach (var value in view.Values)
        {
            if (!any) _json.WriteStartObject("values"u8);
            any = true;
            _json.WriteNumber(value.Name, value.Value);
        }

        if (any) _json.WriteEndObject();
    }

    // Data is kept as it came. Line ends can only be white space between tokens there (in strings they are escaped), so blanks say the same.
    private ReadOnlySpan<byte> OneLine(ReadOnlySpan<byte> data)
    {
        if (data.IndexOfAny((byte)'\n', (byte)'\r') < 0) return data;
        if (_data.Length < data.Length) _data = new byte[data.Length];
        var line = _data.AsSpan(0, data.Length);
        data.CopyTo(line);
        line.Replace((byte)'\n', (byte)' ');
        line.Replace((byte)'\r', (byte)' ');
        return line;
    }
}

using System.Text.Json;
using Millrace.Contracts.Events;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>Turns an event on the log into the document that clients get.</summary>
internal static class EventDocument
{
    public static void Write(Utf8JsonWriter json, in EventView view)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, view.Id);
        json.WriteString("stream"u8, view.Stream);
        json.WriteString("type"u8, view.Type);
        json.WriteTime("time"u8, view.TimeMs);
        if (view.Source.IsEmpty) json.WriteNull("source"u8);
        else json.WriteString("source"u8, view.Source);
        json.WriteStartObject("dims"u8);
        foreach (var dim in view.Dims) json.WriteString(dim.Name, dim.Value);
        json.WriteEndObject();
        json.WriteStartObject("values"u8);
        foreach (var value in view.Values) json.WriteFinite(value.Name, value.Value);
        json.WriteEndObject();
        if (view.HasGeo)
        {
            json.WriteStartObject("geo"u8);
            json.WriteFinite("lat"u8, view.Lat);
            json.WriteFinite("lon"u8, view.Lon);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("geo"u8);
        }

        json.WritePropertyName("data"u8);
        if (view.Data.IsEmpty) json.WriteNullValue();
        else WriteOnOneLine(json, view.Data);
        json.WriteEndObject();
    }

    // The JSON came as its producer wrote it. A line break in it can only be white space (inside texts it is escaped), but it would end the message.
    private static void WriteOnOneLine(Utf8JsonWriter json, ReadOnlySpan<byte> data)
    {
        if (data.IndexOfAny((byte)'\n', (byte)'\r') < 0)
        {
            json.WriteRawValue(data, skipInputValidation: true);
            return;
        }

        var copy = data.ToArray();
        copy.AsSpan().Replace((byte)'\n', (byte)' ');
        copy.AsSpan().Replace((byte)'\r', (byte)' ');
        json.WriteRawValue(copy, skipInputValidation: true);
    }
}

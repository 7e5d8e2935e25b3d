using System.Text.Json;
using Google.Protobuf;
using Millrace.Contracts.Protos;

namespace Millrace.Archiver.Objects;

/// <summary>Reads what <see cref="EventLine"/> wrote.</summary>
internal static class EventLineReader
{
    /// <summary>The event of a line.</summary>
    /// <exception cref="FormatException">The line is no event.</exception>
    public static ArchivedEvent Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var read = new Event();
            var late = false;
            foreach (var field in document.RootElement.EnumerateObject())
            {
                if (field.NameEquals("late"u8)) late = field.Value.GetBoolean();
                else Take(read, field);
            }

            return new ArchivedEvent(read, late);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("The line is no archived event: " + e.Message, e);
        }
    }

    private static void Take(Event read, JsonProperty field)
    {
        switch (field.Name)
        {
            case "id": read.Id = field.Value.GetString(); break;
            case "stream": read.Stream = field.Value.GetString(); break;
            case "type": read.Type = field.Value.GetString(); break;
            case "time": read.TimeMs = field.Value.GetDateTimeOffset().ToUnixTimeMilliseconds(); break;
            case "source": read.Source = field.Value.GetString(); break;
            case "tenant": read.Tenant = field.Value.GetString(); break;
            case "received_at": read.ReceivedAtMs = field.Value.GetDateTimeOffset().ToUnixTimeMilliseconds(); break;
            case "dims":
                foreach (var dim in field.Value.EnumerateObject()) read.Dims[dim.Name] = dim.Value.GetString();
                break;
            case "values":
                foreach (var value in field.Value.EnumerateObject()) read.Values[value.Name] = value.Value.GetDouble();
                break;
            case "geo":
                read.Geo = new GeoPoint { Lat = field.Value.GetProperty("lat").GetDouble(), Lon = field.Value.GetProperty("lon").GetDouble() };
                break;
            case "data": read.Data = ByteString.CopyFromUtf8(field.Value.GetRawText()); break;
            default: break;
        }
    }
}

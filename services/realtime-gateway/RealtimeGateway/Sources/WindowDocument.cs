using System.Text;
using System.Text.Json;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.RealtimeGateway.Windows;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>Turns a <see cref="Window"/> on the log into the document that clients get, without an object between; sketches stay behind.</summary>
internal static class WindowDocument
{
    /// <summary>Reads what the gateway itself needs to know.</summary>
    /// <returns><see langword="false"/> when the bytes are no window.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, WindowRecord record)
    {
        record.Type = record.Key = "";
        record.StartMs = record.EndMs = record.Revision = record.NewestEventAtMs = 0;
        record.Final = false;
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case Window.TypeFieldNumber: record.Type = Encoding.UTF8.GetString(reader.Bytes); break;
                case Window.KeyFieldNumber: record.Key = Encoding.UTF8.GetString(reader.Bytes); break;
                case Window.WindowStartMsFieldNumber: record.StartMs = (long)reader.Number; break;
                case Window.WindowEndMsFieldNumber: record.EndMs = (long)reader.Number; break;
                case Window.RevisionFieldNumber: record.Revision = (long)reader.Number; break;
                case Window.FinalFieldNumber: record.Final = reader.Number != 0; break;
                case Window.NewestEventAtMsFieldNumber: record.NewestEventAtMs = (long)reader.Number; break;
            }
        }

        return reader.AtEnd && record.EndMs > record.StartMs && record.EndMs - record.StartMs <= int.MaxValue;
    }

    /// <summary>Writes the document.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="bytes">The message.</param>
    /// <param name="record">What <see cref="TryRead"/> read from it.</param>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> bytes, WindowRecord record)
    {
        ReadOnlySpan<byte> stream = default;
        ulong count = 0, sources = 0;
        long updated = 0;
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case Window.StreamFieldNumber: stream = reader.Bytes; break;
                case Window.CountFieldNumber: count = reader.Number; break;
                case Window.DistinctSourcesFieldNumber: sources = reader.Number; break;
                case Window.UpdatedAtMsFieldNumber: updated = (long)reader.Number; break;
            }
        }

        json.WriteStartObject();
        json.WriteString("stream"u8, stream);
        json.WriteString("type"u8, record.Type);
        json.WriteString("key"u8, record.Key);
        json.WriteTime("window_start"u8, record.StartMs);
        json.WriteTime("window_end"u8, record.EndMs);
        json.WriteNumber("revision"u8, record.Revision);
        json.WriteBoolean("final"u8, record.Final);
        json.WriteTime("updated_at"u8, updated);
        json.WriteNumber("count"u8, count);
        json.WriteNumber("distinct_sources"u8, sources);
        json.WriteFinite("rate"u8, count * 1000.0 / (record.EndMs - record.StartMs));
        json.WriteStartObject("values"u8);
        WriteEach(json, bytes, Window.ValuesFieldNumber);
        json.WriteEndObject();
        json.WriteStartArray("geo"u8);
        WriteEach(json, bytes, Window.GeoCellsFieldNumber);
        json.WriteEndArray();
        json.WriteStartObject("dims"u8);
        WriteEach(json, bytes, Window.DimsFieldNumber);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteEach(Utf8JsonWriter json, ReadOnlySpan<byte> bytes, int wanted)
    {
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            if (field != wanted) continue;
            switch (wanted)
            {
                case Window.ValuesFieldNumber: WriteValue(json, reader.Bytes); break;
                case Window.GeoCellsFieldNumber: WriteCell(json, reader.Bytes); break;
                default: WriteDim(json, reader.Bytes); break;
            }
        }
    }

    private static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> name = default;
        ulong count = 0;
        Span<double> numbers = stackalloc double[ValueStats.P99FieldNumber + 1];
        numbers.Clear();
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            if (field == ValueStats.NameFieldNumber) name = reader.Bytes;
            else if (field == ValueStats.CountFieldNumber) count = reader.Number;
            else if (field is >= ValueStats.SumFieldNumber and <= ValueStats.P99FieldNumber) numbers[field] = BitConverter.UInt64BitsToDouble(reader.Number);
        }

        json.WriteStartObject(name);
        json.WriteNumber("count"u8, count);
        json.WriteFinite("sum"u8, numbers[ValueStats.SumFieldNumber]);
        json.WriteFinite("min"u8, numbers[ValueStats.MinFieldNumber]);
        json.WriteFinite("max"u8, numbers[ValueStats.MaxFieldNumber]);
        json.WriteFinite("last"u8, numbers[ValueStats.LastFieldNumber]);
        json.WriteFinite("p50"u8, numbers[ValueStats.P50FieldNumber]);
        json.WriteFinite("p95"u8, numbers[ValueStats.P95FieldNumber]);
        json.WriteFinite("p99"u8, numbers[ValueStats.P99FieldNumber]);
        json.WriteEndObject();
    }

    private static void WriteCell(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> geohash = default;
        ulong count = 0;
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            if (field == GeoCell.GeohashFieldNumber) geohash = reader.Bytes;
            else if (field == GeoCell.CountFieldNumber) count = reader.Number;
        }

        json.WriteStartObject();
        json.WriteString("geohash"u8, geohash);
        json.WriteNumber("count"u8, count);
        json.WriteEndObject();
    }

    private static void WriteDim(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> name = default, value = default;
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            if (field == Dim.NameFieldNumber) name = reader.Bytes;
            else if (field == Dim.ValueFieldNumber) value = reader.Bytes;
        }

        json.WriteString(name, value);
    }
}

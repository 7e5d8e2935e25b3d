using System.Text;
using Millrace.Contracts.Events;

namespace Millrace.Alerting.Evaluation;

/// <summary>
/// Reads what rules need from a <see cref="Contracts.Protos.Window"/> on the log, in place: sketches and cells are stepped over, not copied.
/// </summary>
internal static class WindowReader
{
    /// <summary>What must be known of every window; <see langword="false"/> when the record is malformed.</summary>
    public static bool TryScan(ReadOnlySpan<byte> record, out WindowHeader header)
    {
        long start = 0, end = 0, newest = 0;
        var final = false;
        var reader = new WireReader(record);
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case 5: start = (long)reader.Number; break;
                case 6: end = (long)reader.Number; break;
                case 8: final = reader.Number != 0; break;
                case 15: newest = (long)reader.Number; break;
                default: break;
            }
        }
        header = new WindowHeader(start, end, final, newest);
        return reader.AtEnd && end > start && start >= 0;
    }

    /// <summary>The window; <see langword="false"/> when the record is malformed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> record, out WindowRecord window)
    {
        string type = "", key = "";
        long start = 0, end = 0, revision = 0;
        ulong count = 0, sources = 0;
        List<ValueSample>? values = null;
        List<KeyValuePair<string, string>>? dims = null;
        var reader = new WireReader(record);
        var valid = true;
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case 3: type = Encoding.UTF8.GetString(reader.Bytes); break;
                case 4: key = Encoding.UTF8.GetString(reader.Bytes); break;
                case 5: start = (long)reader.Number; break;
                case 6: end = (long)reader.Number; break;
                case 7: revision = (long)reader.Number; break;
                case 10: count = reader.Number; break;
                case 11: sources = reader.Number; break;
                case 13: valid &= TryReadValue(reader.Bytes, values ??= []); break;
                case 16: valid &= TryReadDim(reader.Bytes, dims ??= []); break;
                default: break;
            }
        }
        window = new WindowRecord(type, key, revision, dims ?? [], new WindowSample(start, end, count, sources, values ?? []));
        return valid && reader.AtEnd;
    }

    private static bool TryReadValue(ReadOnlySpan<byte> record, List<ValueSample> values)
    {
        var value = new ValueSample("", 0, 0, 0, 0, 0, 0, 0, 0);
        var reader = new WireReader(record);
        while (reader.Next(out var field))
        {
            value = field switch
            {
                1 => value with { Name = Encoding.UTF8.GetString(reader.Bytes) },
                2 => value with { Count = reader.Number },
                3 => value with { Sum = Double(reader) },
                4 => value with { Min = Double(reader) },
                5 => value with { Max = Double(reader) },
                6 => value with { Last = Double(reader) },
                7 => value with { P50 = Double(reader) },
                8 => value with { P95 = Double(reader) },
                9 => value with { P99 = Double(reader) },
                _ => value,
            };
        }
        values.Add(value);
        return reader.AtEnd;
    }

    private static bool TryReadDim(ReadOnlySpan<byte> record, List<KeyValuePair<string, string>> dims)
    {
        string name = "", value = "";
        var reader = new WireReader(record);
        while (reader.Next(out var field))
        {
            if (field == 1) name = Encoding.UTF8.GetString(reader.Bytes);
            else if (field == 2) value = Encoding.UTF8.GetString(reader.Bytes);
        }
        dims.Add(new(name, value));
        return reader.AtEnd;
    }

    private static double Double(in WireReader reader) => BitConverter.UInt64BitsToDouble(reader.Number);
}

/// <summary>A final window of one series.</summary>
/// <param name="Type">Event type.</param>
/// <param name="Key">Series key.</param>
/// <param name="Revision">Grows with each correction.</param>
/// <param name="Dims">The dimensions that make up the key.</param>
/// <param name="Sample">Its content.</param>
internal readonly record struct WindowRecord(
    string Type, string Key, long Revision, IReadOnlyList<KeyValuePair<string, string>> Dims, WindowSample Sample);

/// <summary>The head of a window, live or final.</summary>
/// <param name="StartMs">Inclusive start.</param>
/// <param name="EndMs">Exclusive end.</param>
/// <param name="Final">Whether it is final.</param>
/// <param name="NewestEventMs">Log time of its newest event, on <c>millrace.events</c>.</param>
internal readonly record struct WindowHeader(long StartMs, long EndMs, bool Final, long NewestEventMs)
{
    public long SizeMs => EndMs - StartMs;
}

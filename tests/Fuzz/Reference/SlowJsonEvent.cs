using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Millrace.Fuzz.Reference;

/// <summary>An event of the project's own JSON form, read by way of a whole document.</summary>
internal static class SlowJsonEvent
{
    /// <summary>The event, or nothing when it must be refused.</summary>
    public static ExpectedEvent? Read(JsonElement element, long nowMs)
    {
        if (element.ValueKind != JsonValueKind.Object) return null;
        var read = new ExpectedEvent();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (SlowRules.Name(property) is not { } name || !seen.Add(name)) return null;
            if (!Field(read, name, property.Value, nowMs)) return null;
        }

        return read;
    }

    /// <summary>The position of a <c>geo</c> object.</summary>
    public static bool Geo(ExpectedEvent read, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return false;
        double? lat = null, lon = null;
        foreach (var property in element.EnumerateObject())
        {
            var name = SlowRules.Name(property);
            if (name is not ("lat" or "lon") || (name == "lat" ? lat : lon) is not null || property.Value.ValueKind != JsonValueKind.Number) return false;
            var degrees = Double(property.Value);
            if (name == "lat") lat = degrees;
            else lon = degrees;
        }

        if (lat is not (>= -90 and <= 90) || lon is not (>= -180 and <= 180)) return false;
        read.Geo = (lat.Value, lon.Value);
        return true;
    }

    /// <summary>The texts of a <c>dims</c> object.</summary>
    public static bool Dims(ExpectedEvent read, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return false;
        foreach (var property in element.EnumerateObject())
        {
            if (SlowRules.Name(property) is not { } name || SlowRules.HasControls(name)) return false;
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            if (!SlowRules.IsFieldName(name) || SlowRules.Text(property.Value) is not { } text || !SlowRules.IsDimValue(text) || !read.Dims.TryAdd(name, text)) return false;
        }

        return read.Dims.Count <= 32;
    }

    /// <summary>The numbers of a <c>values</c> object.</summary>
    public static bool Values(ExpectedEvent read, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return false;
        foreach (var property in element.EnumerateObject())
        {
            if (SlowRules.Name(property) is not { } name || SlowRules.HasControls(name)) return false;
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            if (!SlowRules.IsFieldName(name) || property.Value.ValueKind != JsonValueKind.Number) return false;
            var value = Double(property.Value);
            if (!double.IsFinite(value) || !read.Values.TryAdd(name, value)) return false;
        }

        return read.Values.Count <= 64;
    }

    private static bool Field(ExpectedEvent read, string name, JsonElement value, long nowMs)
    {
        var missing = value.ValueKind == JsonValueKind.Null;
        var text = missing ? null : SlowRules.Text(value);
        switch (name)
        {
            case "id" or "source" or "type" or "stream" or "time" or "dims" or "values" or "geo" or "data" when missing: return true;
            case "id": read.Id = text; return SlowRules.IsName(text);
            case "type": read.Type = text ?? ""; return SlowRules.IsName(text);
            case "source": read.Source = text ?? ""; return text is "" || SlowRules.IsName(text);
            case "stream": read.Stream = text; return SlowRules.IsStream(text);
            case "dims": return Dims(read, value);
            case "values": return Values(read, value);
            case "geo": return Geo(read, value);
            case "time": return Time(read, value, text, nowMs);
            case "data":
                read.Data = Encoding.UTF8.GetBytes(value.GetRawText());
                return SlowRules.Depth(value) < 64 && read.Data.Length <= 256 * 1024;
            default: return false;
        }
    }

    private static bool Time(ExpectedEvent read, JsonElement value, string? text, long nowMs)
    {
        read.TimeMs = value.ValueKind == JsonValueKind.Number ? SlowRules.Milliseconds(value.GetRawText()) : text is null ? null : SlowRules.Rfc3339(text);
        return read.TimeMs is { } ms && SlowRules.IsNear(ms, nowMs);
    }

    private static double Double(JsonElement number) => double.Parse(number.GetRawText(), CultureInfo.InvariantCulture);
}

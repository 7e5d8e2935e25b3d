using System.Text;
using System.Text.Json;

namespace Millrace.Fuzz.Reference;

/// <summary>A CloudEvent in structured mode, read by way of a whole document.</summary>
internal static class SlowCloudEvent
{
    private static readonly string[] Known = ["id", "type", "time", "data", "source", "stream", "subject", "dataschema", "specversion", "data_base64", "datacontenttype"];
    private static readonly string[] Required = ["specversion", "id", "source", "type"];

    /// <summary>The event, or nothing when it must be refused.</summary>
    public static ExpectedEvent? Read(JsonElement element, long nowMs)
    {
        if (element.ValueKind != JsonValueKind.Object) return null;
        var read = new ExpectedEvent();
        var named = new HashSet<string>(StringComparer.Ordinal);
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (SlowRules.Name(property) is not { } name || SlowRules.HasControls(name)) return null;
            if (Known.Contains(name) && !named.Add(name)) return null;
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            given.Add(name);
            if (!Attribute(read, name, property.Value, nowMs)) return null;
        }

        return Required.All(given.Contains) && !(given.Contains("data") && given.Contains("data_base64")) && read.Dims.Count <= 32 ? read : null;
    }

    private static bool Attribute(ExpectedEvent read, string name, JsonElement value, long nowMs)
    {
        if (name == "data") return Data(read, value);
        if (!Known.Contains(name)) return Extension(read, name, value);
        if (SlowRules.Text(value) is not { } text || (text.Length == 0 && name != "data_base64")) return false;
        switch (name)
        {
            case "id": read.Id = text; return SlowRules.IsName(text);
            case "source": read.Source = text; return SlowRules.IsName(text);
            case "type": read.Type = text; return SlowRules.IsName(text);
            case "stream": read.Stream = text; return SlowRules.IsStream(text);
            case "time": read.TimeMs = SlowRules.Rfc3339(text); return read.TimeMs is { } ms && SlowRules.IsNear(ms, nowMs);
            case "specversion": return text == "1.0";
            case "datacontenttype": return !SlowRules.HasControls(text) && (IsJson(text) || Dim(read, name, text));
            case "data_base64":
                read.Data = Encoding.UTF8.GetBytes(value.GetRawText());
                return read.Data.Length <= 256 * 1024 && Convert.TryFromBase64String(text, new byte[text.Length], out _);
            default: return Dim(read, name, text);
        }
    }

    private static bool Extension(ExpectedEvent read, string name, JsonElement value)
    {
        if (name.Length == 0 || name.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9')))) return false;
        var text = value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False ? value.GetRawText() : SlowRules.Text(value);
        return text is not null && !SlowRules.HasControls(text) && (name is "traceparent" or "tracestate" || Dim(read, name, text));
    }

    private static bool Dim(ExpectedEvent read, string name, string text) =>
        SlowRules.IsFieldName(name) && SlowRules.IsDimValue(text) && !SlowRules.HasControls(text) && read.Dims.TryAdd(name, text);

    // What dims, values and geo the data has become the event's; the data itself is kept when anything else is in it.
    private static bool Data(ExpectedEvent read, JsonElement data)
    {
        var lifted = new HashSet<string>(StringComparer.Ordinal);
        var own = false;
        var depth = 0;
        if (data.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in data.EnumerateObject())
            {
                var name = SlowRules.Name(property);
                if (name is "dims" or "values" or "geo" && property.Value.ValueKind == JsonValueKind.Object)
                {
                    if (!lifted.Add(name) || !Lift(read, name, property.Value)) return false;
                    continue;
                }

                own |= name is not ("dims" or "values" or "geo") || property.Value.ValueKind != JsonValueKind.Null;
                depth = Math.Max(depth, 1 + SlowRules.Depth(property.Value));
            }
        }
        else
        {
            depth = SlowRules.Depth(data);
        }

        if (depth >= 64) return false;
        if (lifted.Count > 0 && !own) return true;
        read.Data = Encoding.UTF8.GetBytes(data.GetRawText());
        return read.Data.Length <= 256 * 1024;
    }

    private static bool Lift(ExpectedEvent read, string name, JsonElement value)
    {
        // Each kind has its own limit of entries; dims share theirs with the attributes.
        return name switch
        {
            "dims" => SlowJsonEvent.Dims(read, value),
            "values" => SlowJsonEvent.Values(read, value),
            _ => SlowJsonEvent.Geo(read, value),
        };
    }

    private static bool IsJson(string type)
    {
        var bare = type.Split(';')[0].Trim(' ').ToLowerInvariant();
        return bare is "application/json" or "text/json" || (bare.Length > "+json".Length && bare.EndsWith("+json", StringComparison.Ordinal));
    }
}

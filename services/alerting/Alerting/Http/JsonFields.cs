using System.Text.Json;
using Millrace.Alerting.Rules;
using Millrace.Contracts.Errors;

namespace Millrace.Alerting.Http;

/// <summary>
/// Reads the members of a JSON object, one call a member, and notes what is wrong with each instead of stopping at the first.
/// A JSON null counts as absent. <see cref="RejectOthers"/> comes last and reports the members that nobody asked for.
/// </summary>
internal sealed class JsonFields
{
    private readonly JsonElement _object;
    private readonly string _prefix;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    private JsonFields(JsonElement element, string prefix, FieldErrors errors)
    {
        _object = element;
        _prefix = prefix;
        Errors = errors;
    }

    public FieldErrors Errors { get; }

    /// <summary>The object as it came.</summary>
    public JsonElement Element => _object;

    /// <summary>Opens a document; <see langword="null"/>, with an error noted, when it is no object.</summary>
    public static JsonFields? Open(JsonElement element, FieldErrors errors, string prefix = "")
    {
        if (element.ValueKind == JsonValueKind.Object) return new JsonFields(element, prefix, errors);
        errors.Add(prefix.TrimEnd('.'), ErrorCodes.WrongType.Code, "Must be a JSON object.");
        return null;
    }

    public string Path(string name) => _prefix + name;

    public void Error(string name, ErrorCode code, string message) => Errors.Add(Path(name), code.Code, message);

    /// <summary>A text, or <see langword="null"/> when absent or wrong.</summary>
    public string? Text(string name, int maxLength, bool required = false)
    {
        if (!Find(name, required, JsonValueKind.String, "Must be a text.", out var element)) return null;
        var text = element.GetString()!;
        if (text.Length > maxLength)
        {
            Error(name, ErrorCodes.TooLong, $"Has {text.Length} characters; at most {maxLength} are allowed.");
            return null;
        }
        if (required && text.Length == 0)
        {
            Error(name, ErrorCodes.MissingField, "Must not be empty.");
            return null;
        }
        return text;
    }

    /// <summary>One of a few texts.</summary>
    public string? Choice(string name, IReadOnlyCollection<string> choices, bool required = false)
    {
        if (Text(name, 100, required) is not { } text) return null;
        if (choices.Contains(text)) return text;
        Error(name, ErrorCodes.BadRequest, $"'{text}' is not one of {string.Join(", ", choices)}.");
        return null;
    }

    public bool? Flag(string name)
    {
        if (!TryGet(name, out var element)) return null;
        if (element.ValueKind is JsonValueKind.True or JsonValueKind.False) return element.GetBoolean();
        Error(name, ErrorCodes.WrongType, "Must be true or false.");
        return null;
    }

    public double? Number(string name, bool required = false)
    {
        if (!Find(name, required, JsonValueKind.Number, "Must be a number.", out var element)) return null;
        if (element.TryGetDouble(out var number) && double.IsFinite(number)) return number;
        Error(name, ErrorCodes.NotFinite, "Must be a finite number.");
        return null;
    }

    public long? Integer(string name)
    {
        if (!Find(name, false, JsonValueKind.Number, "Must be a whole number.", out var element)) return null;
        if (element.TryGetInt64(out var number)) return number;
        Error(name, ErrorCodes.WrongType, "Must be a whole number.");
        return null;
    }

    /// <summary>A duration between two bounds, both inclusive.</summary>
    public TimeSpan? Duration(string name, TimeSpan min, TimeSpan max, bool required = false)
    {
        if (!Find(name, required, JsonValueKind.String, $"Must be {Durations.Rule}.", out var element)) return null;
        if (!Durations.TryParse(element.GetString(), out var duration))
            Error(name, ErrorCodes.InvalidTime, $"'{element.GetString()}' is not {Durations.Rule}.");
        else if (duration < min || duration > max)
            Error(name, ErrorCodes.InvalidTime, $"Must be between {Durations.Format(min)} and {Durations.Format(max)}.");
        else
            return duration;
        return null;
    }

    /// <summary>An object of texts; empty when absent.</summary>
    public IReadOnlyDictionary<string, string> Texts(string name, int maxEntries, int maxLength, Func<string, string?> refuseName)
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (!Find(name, false, JsonValueKind.Object, "Must be an object of texts.", out var element)) return result;
        foreach (var property in element.EnumerateObject())
        {
            var path = $"{name}.{property.Name}";
            if (refuseName(property.Name) is { } reason) Error(path, ErrorCodes.InvalidName, reason);
            else if (property.Value.ValueKind != JsonValueKind.String) Error(path, ErrorCodes.WrongType, "Must be a text.");
            else if (property.Value.GetString()!.Length > maxLength) Error(path, ErrorCodes.TooLong, $"At most {maxLength} characters are allowed.");
            else result[property.Name] = property.Value.GetString()!;
        }
        if (result.Count > maxEntries) Error(name, ErrorCodes.TooMany, $"Has {result.Count} entries; at most {maxEntries} are allowed.");
        return result;
    }

    /// <summary>A list of different texts; empty when absent.</summary>
    public IReadOnlyList<string> List(string name, int maxEntries, int maxLength)
    {
        var result = new List<string>();
        if (!Find(name, false, JsonValueKind.Array, "Must be a list of texts.", out var element)) return result;
        var index = 0;
        foreach (var item in element.EnumerateArray())
        {
            var path = $"{name}[{index++}]";
            if (item.ValueKind != JsonValueKind.String) Error(path, ErrorCodes.WrongType, "Must be a text.");
            else if (item.GetString()!.Length > maxLength) Error(path, ErrorCodes.TooLong, $"At most {maxLength} characters are allowed.");
            else if (!result.Contains(item.GetString()!)) result.Add(item.GetString()!);
        }
        if (result.Count > maxEntries) Error(name, ErrorCodes.TooMany, $"Has {result.Count} entries; at most {maxEntries} are allowed.");
        return result;
    }

    /// <summary>A nested object, or <see langword="null"/> when absent or wrong.</summary>
    public JsonFields? Object(string name, bool required = false) =>
        Find(name, required, JsonValueKind.Object, "Must be a JSON object.", out var element)
            ? new JsonFields(element, Path(name) + ".", Errors)
            : null;

    /// <summary>Reports members that are not known; <paramref name="ignored"/> ones may be there.</summary>
    public void RejectOthers(params ReadOnlySpan<string> ignored)
    {
        foreach (var property in _object.EnumerateObject())
        {
            if (_asked.Contains(property.Name) || ignored.Contains(property.Name)) continue;
            Error(property.Name, ErrorCodes.UnknownField, "Is not a known field.");
        }
    }

    private bool Find(string name, bool required, JsonValueKind kind, string message, out JsonElement element)
    {
        if (!TryGet(name, out element))
        {
            if (required) Error(name, ErrorCodes.MissingField, "Is required.");
            return false;
        }
        if (element.ValueKind == kind) return true;
        Error(name, ErrorCodes.WrongType, message);
        return false;
    }

    private bool TryGet(string name, out JsonElement element)
    {
        _asked.Add(name);
        return _object.TryGetProperty(name, out element) && element.ValueKind != JsonValueKind.Null;
    }
}

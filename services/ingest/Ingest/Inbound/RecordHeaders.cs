using System.Diagnostics;
using System.Text;
using Millrace.Contracts;
using Millrace.Ingest.Formats;

namespace Millrace.Ingest.Inbound;

/// <summary>
/// What the headers of a record say about its value (CloudEvents 1.0.2, Kafka protocol binding §3): attributes stand in <c>ce_</c> headers, as
/// UTF-8 without any escapes; <c>content-type</c> is as in HTTP.
/// </summary>
internal static class RecordHeaders
{
    private const string Prefix = "ce_";
    private static readonly IReadOnlyDictionary<string, string> _none = new Dictionary<string, string>(0, StringComparer.Ordinal);

    /// <summary>The headers, or an empty set.</summary>
    public static IReadOnlyDictionary<string, string> OrNone(IReadOnlyDictionary<string, string>? headers) => headers ?? _none;

    /// <summary>A header's value, its name in any case.</summary>
    public static string? Find(IReadOnlyDictionary<string, string> headers, string name)
    {
        if (headers.TryGetValue(name, out var value)) return value;
        foreach (var (other, found) in headers)
        {
            if (string.Equals(other, name, StringComparison.OrdinalIgnoreCase)) return found;
        }

        return null;
    }

    /// <summary>What the value is. A record that does not say holds JSON.</summary>
    public static BodyFormat FormatOf(IReadOnlyDictionary<string, string> headers, string? contentType, out string why)
    {
        why = "";
        var structured = contentType?.StartsWith("application/cloudevents", StringComparison.OrdinalIgnoreCase) == true;
        if (!structured && (Find(headers, Prefix + "specversion") is not null || Find(headers, Prefix + "id") is not null)) return BodyFormat.CloudEventBinary;
        return string.IsNullOrWhiteSpace(contentType) ? BodyFormat.Json : BodyFormats.Parse(contentType, out why);
    }

    /// <summary>The attributes of a CloudEvent in binary mode.</summary>
    public static SortedDictionary<string, byte[]> Attributes(IReadOnlyDictionary<string, string> headers)
    {
        var attributes = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, value) in headers)
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) attributes[name[Prefix.Length..].ToLowerInvariant()] = Encoding.UTF8.GetBytes(value);
        }

        return attributes;
    }

    /// <summary>The trace context for what becomes of a record.</summary>
    public static IReadOnlyDictionary<string, string>? Trace(IReadOnlyDictionary<string, string> headers) =>
        Find(headers, Headers.TraceParent) is { } parent && ActivityContext.TryParse(parent, null, out _)
            ? new Dictionary<string, string>(1, StringComparer.Ordinal) { [Headers.TraceParent] = parent }
            : null;
}

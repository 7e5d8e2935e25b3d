using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Millrace.Archiver.Api;

/// <summary>JSON values as values of a statement's parameters.</summary>
internal static class QueryParameter
{
    /// <summary>A text as it is; a number or a boolean as JSON has it; an array of these as ClickHouse's literal.</summary>
    public static bool TryWrite(JsonElement value, [NotNullWhen(true)] out string? text)
    {
        text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            JsonValueKind.Array => Array(value),
            _ => null,
        };
        return text is not null;
    }

    private static string? Array(JsonElement array)
    {
        var parts = new List<string>();
        foreach (var item in array.EnumerateArray())
        {
            if (!TryWrite(item, out var part)) return null;
            parts.Add(item.ValueKind == JsonValueKind.String ? Quoted(part) : part);
        }

        return $"[{string.Join(",", parts)}]";
    }

    private static string Quoted(string text) =>
        "'" + text.Replace("\\", "\\\\").Replace("'", "\\'").Replace("\t", "\\t").Replace("\n", "\\n").Replace("\r", "\\r") + "'";
}

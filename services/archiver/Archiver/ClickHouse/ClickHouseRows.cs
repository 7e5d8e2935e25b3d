using System.Text.Json;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.ClickHouse;

/// <summary>Reads small results whole.</summary>
internal static class ClickHouseRows
{
    private const int LongestLine = 64 << 20;

    /// <summary>The rows of a query, each as its columns' JSON. 64-bit numbers may come as JSON strings, see <see cref="AsInt64"/>.</summary>
    public static async Task<IReadOnlyList<JsonElement[]>> ReadAsync(
        IClickHouse clickHouse, ClickHouseQuery query, CancellationToken cancellationToken)
    {
        await using var result = await clickHouse.QueryAsync(query with { Format = "JSONCompactEachRow" }, cancellationToken);
        var rows = new List<JsonElement[]>();
        using var lines = new LineReader(result.Body, LongestLine);
        while (await lines.ReadAsync(cancellationToken) is { } line)
        {
            if (line.IsEmpty) continue;
            using var document = JsonDocument.Parse(line);
            rows.Add([.. document.RootElement.EnumerateArray().Select(column => column.Clone())]);
        }

        return rows;
    }

    /// <summary>A whole number, quoted or not.</summary>
    public static long AsInt64(this JsonElement column) =>
        column.ValueKind == JsonValueKind.String
            ? long.Parse(column.GetString()!, System.Globalization.CultureInfo.InvariantCulture)
            : column.GetInt64();

    /// <summary>A text.</summary>
    public static string AsString(this JsonElement column) => column.GetString() ?? "";

    /// <summary>A number; <see langword="null"/> where it is missing or not finite, which JSON can't say.</summary>
    public static double? AsDouble(this JsonElement column) => column.ValueKind switch
    {
        JsonValueKind.Number => column.GetDouble(),
        JsonValueKind.String when double.TryParse(
            column.GetString(), System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        _ => null,
    };
}

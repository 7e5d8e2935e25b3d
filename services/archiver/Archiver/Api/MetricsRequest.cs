using Millrace.Contracts.Events;

namespace Millrace.Archiver.Api;

/// <summary>What <c>GET /api/v1/metrics</c> is asked for.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Type">Only this type.</param>
/// <param name="Value">The value whose statistics are asked for; <see langword="null"/> for counts.</param>
/// <param name="Table">Rollup to read; <see langword="null"/> is the events themselves.</param>
/// <param name="StartMs">Begin of the first point.</param>
/// <param name="ToMs">End.</param>
/// <param name="Limit">At most so many points.</param>
internal sealed record MetricsRequest(string Stream, string? Type, string? Value, string? Table, long StartMs, long ToMs, int Limit)
{
    /// <summary>Most points of an answer.</summary>
    public const int MostPoints = 10_000;

    private const int DefaultLimit = 1_000;

    private static readonly Dictionary<string, Bucket> Buckets = new(StringComparer.Ordinal)
    {
        ["second"] = new(1_000, 300_000, null),
        ["minute"] = new(60_000, 3_600_000, "rollup_1m"),
        ["hour"] = new(3_600_000, 48 * 3_600_000, "rollup_1h"),
        ["day"] = new(86_400_000, 30L * 86_400_000, "rollup_1d"),
    };

    /// <summary>Reads it; good only if the arguments then name no error.</summary>
    public static MetricsRequest Read(Arguments arguments, long nowMs)
    {
        var stream = arguments.Stream();
        var type = arguments.Text("type", EventLimits.NameLength);
        var value = arguments.Text("value", EventLimits.FieldNameLength);
        var bucket = arguments.OneOf("agg", Buckets["minute"], Buckets);
        var to = arguments.Time("to", nowMs);
        var from = arguments.Time("from", to - bucket.DefaultSpan);
        var limit = arguments.Number("limit", DefaultLimit, 1, MostPoints);
        if (from >= to) arguments.Fail("from", "from must be before to.");
        // The cursor is the begin of the next point.
        var start = Math.Max(arguments.Time("cursor", from), from) / bucket.Size * bucket.Size;
        return new MetricsRequest(stream, type, value, bucket.Table, start, to, limit);
    }

    /// <summary>A size of point.</summary>
    /// <param name="Size">Milliseconds.</param>
    /// <param name="DefaultSpan">How far back a request without <c>from</c> looks, in milliseconds.</param>
    /// <param name="Table">Rollup to read; <see langword="null"/> is the events themselves.</param>
    private sealed record Bucket(long Size, long DefaultSpan, string? Table);
}

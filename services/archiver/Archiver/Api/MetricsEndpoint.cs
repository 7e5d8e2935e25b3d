using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Objects;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Hosting.Http;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary><c>GET /api/v1/metrics</c>: counts and statistics of a stream by second, minute, hour or day.</summary>
internal sealed class MetricsEndpoint(TenantQueries queries, TimeProvider time)
{
    private const int DefaultLimit = 1_000;
    private const int MostPoints = 10_000;

    private static readonly Dictionary<string, Bucket> Buckets = new(StringComparer.Ordinal)
    {
        ["second"] = new(1_000, 300_000, null),
        ["minute"] = new(60_000, 3_600_000, "rollup_1m"),
        ["hour"] = new(3_600_000, 48 * 3_600_000, "rollup_1h"),
        ["day"] = new(86_400_000, 30L * 86_400_000, "rollup_1d"),
    };

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var arguments = new Arguments(context.Request.Query);
        var stream = arguments.Stream();
        var type = arguments.Text("type", EventLimits.NameLength);
        var value = arguments.Text("value", EventLimits.FieldNameLength);
        var bucket = arguments.OneOf("agg", Buckets["minute"], Buckets);
        var to = arguments.Time("to", time.GetUtcNow().ToUnixTimeMilliseconds());
        var from = arguments.Time("from", to - bucket.DefaultSpan);
        var limit = arguments.Number("limit", DefaultLimit, 1, MostPoints);
        if (from >= to) arguments.Fail("from", "from must be before to.");
        // The cursor is the begin of the next point.
        var start = Math.Max(arguments.Time("cursor", from), from) / bucket.Size * bucket.Size;
        if (arguments.Error is { } error)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, error.Message, ("field", error.Field));
            return;
        }

        await queries.RunAsync(context, "metrics", async (query, token) =>
        {
            var rows = await query.ReadAsync(
                new ClickHouseQuery(Sql(bucket, type, value))
                {
                    Parameters = Parameters(stream, type, value, start, to, limit + 1),
                },
                token);
            await WriteAsync(context, rows, limit, value is not null, token);
        });
    }

    private static string Sql(Bucket bucket, string? type, string? value)
    {
        var ofType = type is null ? "" : " AND type = {type:String}";
        const string last = " GROUP BY t ORDER BY t LIMIT {limit:UInt32}";
        if (bucket.Table is { } table)
        {
            const string when = "time >= toDateTime(intDiv({from:Int64}, 1000), 'UTC') AND time < toDateTime(intDiv({to:Int64} + 999, 1000), 'UTC')";
            var columns = value is null
                ? "sum(r.count)"
                : $"sum(r.samples), sum(r.sum), min(r.min), max(r.max), {Tables.Quantiles}Merge({Tables.Levels})(r.quantiles)";
            return $"SELECT toInt64(toUnixTimestamp(r.time)) * 1000 AS t, {columns} FROM {table} AS r "
                + $"WHERE stream = {{stream:String}}{ofType} AND name = {{value:String}} AND {when}{last}";
        }

        const string within = "time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')";
        return value is null
            ? $"SELECT toInt64(intDiv(toUnixTimestamp64Milli(time), 1000)) * 1000 AS t, count() FROM events WHERE stream = {{stream:String}}{ofType} AND {within}{last}"
            : $"SELECT t, count(), sum(v), min(v), max(v), {Tables.Quantiles}({Tables.Levels})({Tables.Clamped("v")}) FROM ("
                + "SELECT toInt64(intDiv(toUnixTimestamp64Milli(time), 1000)) * 1000 AS t, values[{value:String}] AS v FROM events "
                + $"WHERE stream = {{stream:String}}{ofType} AND {within} AND mapContains(values, {{value:String}})){last}";
    }

    private static Dictionary<string, string> Parameters(string stream, string? type, string? value, long from, long to, int limit) => new()
    {
        ["stream"] = stream,
        ["type"] = type ?? "",
        ["value"] = value ?? "",
        ["from"] = from.ToString(CultureInfo.InvariantCulture),
        ["to"] = to.ToString(CultureInfo.InvariantCulture),
        ["limit"] = limit.ToString(CultureInfo.InvariantCulture),
    };

    private static async Task WriteAsync(
        HttpContext context, IReadOnlyList<JsonElement[]> rows, int limit, bool hasValue, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("items");
        foreach (var row in rows.Take(limit)) WritePoint(json, row, hasValue);
        json.WriteEndArray();
        if (rows.Count > limit) json.WriteString("next", rows[limit][0].AsInt64().ToString(CultureInfo.InvariantCulture));
        else json.WriteNull("next");
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
    }

    private static void WritePoint(Utf8JsonWriter json, JsonElement[] row, bool hasValue)
    {
        json.WriteStartObject();
        json.WriteString("time", Rfc3339.Format(row[0].AsInt64()));
        var count = row[1].AsInt64();
        json.WriteNumber("count", count);
        if (hasValue)
        {
            var sum = row[2].AsDouble();
            Write("sum", sum);
            Write("min", row[3].AsDouble());
            Write("max", row[4].AsDouble());
            Write("avg", count > 0 && sum is { } total && double.IsFinite(total / count) ? total / count : null);
            var quantiles = row[5].EnumerateArray().Select(level => level.AsDouble()).ToArray();
            Write("p50", quantiles[0]);
            Write("p95", quantiles[1]);
            Write("p99", quantiles[2]);
        }

        json.WriteEndObject();

        void Write(string name, double? number)
        {
            if (number is { } finite) json.WriteNumber(name, finite);
            else json.WriteNull(name);
        }
    }

    /// <summary>A size of point.</summary>
    /// <param name="Size">Milliseconds.</param>
    /// <param name="DefaultSpan">How far back a request without <c>from</c> looks, in milliseconds.</param>
    /// <param name="Table">Rollup to read; <see langword="null"/> is the events themselves.</param>
    private sealed record Bucket(long Size, long DefaultSpan, string? Table);
}

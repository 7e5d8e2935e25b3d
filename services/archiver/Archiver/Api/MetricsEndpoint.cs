using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Objects;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary><c>GET /api/v1/metrics</c>: counts and statistics of a stream by second, minute, hour or day.</summary>
internal sealed class MetricsEndpoint(TenantQueries queries, TimeProvider time)
{
    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var arguments = new Arguments(context.Request.Query);
        var asked = MetricsRequest.Read(arguments, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (arguments.Error is { } error)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, error.Message, ("field", error.Field));
            return;
        }

        await queries.RunAsync(context, "metrics", async (query, token) =>
        {
            var rows = await query.ReadAsync(new ClickHouseQuery(Sql(asked.Table, asked.Type, asked.Value)) { Parameters = Parameters(asked) }, token);
            await WriteAsync(context, rows, asked.Limit, asked.Value is not null, token);
        });
    }

    private static string Sql(string? table, string? type, string? value)
    {
        var ofType = type is null ? "" : " AND type = {type:String}";
        const string last = " GROUP BY t ORDER BY t LIMIT {limit:UInt32}";
        if (table is not null)
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

    private static Dictionary<string, string> Parameters(MetricsRequest asked) => new()
    {
        ["stream"] = asked.Stream,
        ["type"] = asked.Type ?? "",
        ["value"] = asked.Value ?? "",
        ["from"] = asked.StartMs.ToString(CultureInfo.InvariantCulture),
        ["to"] = asked.ToMs.ToString(CultureInfo.InvariantCulture),
        ["limit"] = (asked.Limit + 1).ToString(CultureInfo.InvariantCulture),
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
}

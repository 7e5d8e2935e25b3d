using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Objects;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary><c>GET /api/v1/events</c>: the events of a stream, newest first.</summary>
internal sealed class EventsEndpoint(TenantQueries queries, TimeProvider time)
{
    // Most feeds ask for what has just come: look there before looking everywhere.
    private static readonly long[] Widths = [10 * 60_000, 6 * 3_600_000];

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var arguments = new Arguments(context.Request.Query);
        var asked = EventsRequest.Read(arguments, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (arguments.Error is { } error)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, error.Message, ("field", error.Field));
            return;
        }

        await queries.RunAsync(context, "events", async (query, token) =>
        {
            IReadOnlyList<JsonElement[]> rows = [];
            foreach (var begin in Begins(asked.FromMs, asked.After is { } last ? Math.Min(asked.ToMs, last.TimeMs + 1) : asked.ToMs))
            {
                rows = await query.ReadAsync(Query(asked, begin), token);
                if (rows.Count > asked.Limit) break;
            }

            await WriteAsync(context, rows, asked.Limit, token);
        });
    }

    private static IEnumerable<long> Begins(long from, long end)
    {
        foreach (var width in Widths)
        {
            if (end - width > from) yield return end - width;
        }

        yield return from;
    }

    private static ClickHouseQuery Query(EventsRequest asked, long from) => new(
        "SELECT id, source, stream, type, toInt64(toUnixTimestamp64Milli(time)) AS t, toInt64(toUnixTimestamp64Milli(received_at)), dims, values, lat, lon, data, toUInt8(late) FROM events "
        + "WHERE stream = {stream:String} AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"
        + (asked.Type is null ? "" : " AND type = {type:String}")
        + asked.Late switch { null => "", true => " AND late", false => " AND NOT late" }
        + (asked.After is null
            ? ""
            : " AND time <= fromUnixTimestamp64Milli({last:Int64}, 'UTC') AND (toInt64(toUnixTimestamp64Milli(time)), id, source, toString(type)) "
                + "< ({last:Int64}, {id:String}, {source:String}, {last_type:String})")
        + " ORDER BY time DESC, id DESC, source DESC, type DESC LIMIT {limit:UInt32}")
    {
        Parameters = new Dictionary<string, string>
        {
            ["stream"] = asked.Stream,
            ["type"] = asked.Type ?? "",
            ["from"] = from.ToString(CultureInfo.InvariantCulture),
            ["to"] = asked.ToMs.ToString(CultureInfo.InvariantCulture),
            ["last"] = (asked.After?.TimeMs ?? 0).ToString(CultureInfo.InvariantCulture),
            ["id"] = asked.After?.Id ?? "",
            ["source"] = asked.After?.Source ?? "",
            ["last_type"] = asked.After?.Type ?? "",
            ["limit"] = (asked.Limit + 1).ToString(CultureInfo.InvariantCulture),
        },
    };

    private static async Task WriteAsync(HttpContext context, IReadOnlyList<JsonElement[]> rows, int limit, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteStartArray("items");
        foreach (var row in rows.Take(limit)) WriteEvent(json, row);
        json.WriteEndArray();
        if (rows.Count > limit) json.WriteString("next", EventsCursor.Of(rows[limit - 1]).ToString());
        else json.WriteNull("next");
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
    }

    private static void WriteEvent(Utf8JsonWriter json, JsonElement[] row)
    {
        json.WriteStartObject();
        json.WriteString("id", row[0].AsString());
        json.WriteString("stream", row[2].AsString());
        json.WriteString("type", row[3].AsString());
        json.WriteString("time", Rfc3339.Format(row[4].AsInt64()));
        json.WriteString("received_at", Rfc3339.Format(row[5].AsInt64()));
        if (row[1].AsString() is { Length: > 0 } source) json.WriteString("source", source);
        else json.WriteNull("source");
        json.WritePropertyName("dims");
        row[6].WriteTo(json);
        json.WritePropertyName("values");
        row[7].WriteTo(json);
        if (row[8].AsDouble() is { } lat && row[9].AsDouble() is { } lon)
        {
            json.WriteStartObject("geo");
            json.WriteNumber("lat", lat);
            json.WriteNumber("lon", lon);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("geo");
        }

        json.WritePropertyName("data");
        if (row[10].AsString() is { Length: > 0 } data) json.WriteRawValue(data, skipInputValidation: true);
        else json.WriteNullValue();
        json.WriteBoolean("late", row[11].AsInt64() != 0);
        json.WriteEndObject();
    }
}

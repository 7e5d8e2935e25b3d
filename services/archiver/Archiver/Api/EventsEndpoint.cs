using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Archiver.ClickHouse;
using Millrace.Archiver.Objects;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Hosting.Http;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary><c>GET /api/v1/events</c>: the events of a stream, newest first.</summary>
internal sealed class EventsEndpoint(TenantQueries queries, TimeProvider time)
{
    private const int DefaultLimit = 100;
    private const int MostEvents = 1_000;

    // The accepted span of event times (7 days back, 5 minutes ahead), with an hour to spare.
    private const long Back = ((7 * 24) + 1) * 3_600_000L;
    private const long Ahead = 3_600_000;

    // Most feeds ask for what has just come: look there before looking everywhere.
    private static readonly long[] Widths = [10 * 60_000, 6 * 3_600_000];

    private static readonly Dictionary<string, bool?> Choices = new() { ["true"] = true, ["false"] = false };

    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var arguments = new Arguments(context.Request.Query);
        var stream = arguments.Stream();
        var type = arguments.Text("type", EventLimits.NameLength);
        var late = arguments.OneOf<bool?>("late", null, Choices);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var to = arguments.Time("to", now + Ahead);
        var from = arguments.Time("from", Math.Min(to, now) - Back);
        var limit = arguments.Number("limit", DefaultLimit, 1, MostEvents);
        var after = Cursor.Read(arguments);
        if (from >= to) arguments.Fail("from", "from must be before to.");
        if (arguments.Error is { } error)
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, error.Message, ("field", error.Field));
            return;
        }

        await queries.RunAsync(context, "events", async (query, token) =>
        {
            IReadOnlyList<JsonElement[]> rows = [];
            foreach (var begin in Begins(from, after is null ? to : Math.Min(to, after.TimeMs + 1)))
            {
                rows = await query.ReadAsync(Query(stream, type, late, begin, to, after, limit + 1), token);
                if (rows.Count > limit) break;
            }

            await WriteAsync(context, rows, limit, token);
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

    private static ClickHouseQuery Query(string stream, string? type, bool? late, long from, long to, Cursor? after, int limit) => new(
        "SELECT id, source, stream, type, toInt64(toUnixTimestamp64Milli(time)) AS t, toInt64(toUnixTimestamp64Milli(received_at)), dims, values, lat, lon, data, toUInt8(late) FROM events "
        + "WHERE stream = {stream:String} AND time >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"
        + (type is null ? "" : " AND type = {type:String}")
        + late switch { null => "", true => " AND late", false => " AND NOT late" }
        + (after is null
            ? ""
            : " AND time <= fromUnixTimestamp64Milli({last:Int64}, 'UTC') AND (toInt64(toUnixTimestamp64Milli(time)), id, source, toString(type)) "
                + "< ({last:Int64}, {id:String}, {source:String}, {last_type:String})")
        + " ORDER BY time DESC, id DESC, source DESC, type DESC LIMIT {limit:UInt32}")
    {
        Parameters = new Dictionary<string, string>
        {
            ["stream"] = stream,
            ["type"] = type ?? "",
            ["from"] = from.ToString(CultureInfo.InvariantCulture),
            ["to"] = to.ToString(CultureInfo.InvariantCulture),
            ["last"] = (after?.TimeMs ?? 0).ToString(CultureInfo.InvariantCulture),
            ["id"] = after?.Id ?? "",
            ["source"] = after?.Source ?? "",
            ["last_type"] = after?.Type ?? "",
            ["limit"] = limit.ToString(CultureInfo.InvariantCulture),
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
        if (rows.Count > limit) json.WriteString("next", Cursor.Of(rows[limit - 1]).ToString());
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

    /// <summary>The last event of a page: the next page begins after it.</summary>
    private sealed record Cursor(long TimeMs, string Id, string Source, string Type)
    {
        public static Cursor Of(JsonElement[] row) => new(row[4].AsInt64(), row[0].AsString(), row[1].AsString(), row[3].AsString());

        public static Cursor? Read(Arguments arguments)
        {
            if (arguments.Text("cursor", 4096) is not { } text) return null;
            try
            {
                var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('\0');
                if (parts.Length == 4 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var timeMs) && timeMs < 10_000_000_000_000)
                    return new Cursor(timeMs, parts[1], parts[2], parts[3]);
            }
            catch (FormatException)
            {
                // Said below.
            }

            arguments.Fail("cursor", "cursor must be what 'next' of the page before was.");
            return null;
        }

        public override string ToString() =>
            Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{TimeMs}\0{Id}\0{Source}\0{Type}")));
    }
}

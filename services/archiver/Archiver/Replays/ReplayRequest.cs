using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Millrace.Hosting.Http;

namespace Millrace.Archiver.Replays;

/// <summary>What a replay is asked to do.</summary>
internal sealed partial record ReplayRequest(string Target, string? Table, string? Stream, long FromMs, long ToMs, string Hash)
{
    /// <summary>Largest body.</summary>
    public const int MaxBodyBytes = 16 * 1024;

    /// <summary>Rebuild the three rollups.</summary>
    public const string Rollups = "rollups";

    /// <summary>Rebuild a table of events.</summary>
    public const string TableTarget = "table";

    /// <summary>The table whose missing rows are filled in.</summary>
    public const string Events = "events";

    private const long DayMs = 86_400_000;
    private const int MostDays = 400;

    // Years of four digits, whose days ClickHouse's DateTime has.
    private const long LatestMs = 4_102_444_800_000;

    private static readonly JsonDocumentOptions _strict = new() { AllowDuplicateProperties = false };

    /// <summary>Reads a body.</summary>
    public static ReplayRequest? Parse(ReadOnlyMemory<byte> body, out string fault)
    {
        if (!JsonUnicode.IsWhole(body.Span))
        {
            fault = JsonUnicode.Problem;
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(body, _strict);
            return Read(document.RootElement, Convert.ToHexStringLower(SHA256.HashData(body.Span)), out fault);
        }
        catch (JsonException e)
        {
            fault = "Not JSON: " + JsonFault.Of(e);
            return null;
        }
    }

    private static ReplayRequest? Read(JsonElement root, string hash, out string fault)
    {
        fault = "The body must be a JSON object.";
        if (root.ValueKind != JsonValueKind.Object) return null;
        foreach (var member in root.EnumerateObject())
        {
            fault = $"'{JsonFault.Cut(member.Name)}' is not known here: there are target, table, stream, from, to.";
            if (member.Name is not ("target" or "table" or "stream" or "from" or "to")) return null;
            fault = $"'{JsonFault.Cut(member.Name)}' must be a text.";
            if (member.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)) return null;
        }

        var (target, table, stream) = (Text(root, "target"), Text(root, "table"), Text(root, "stream"));
        fault = "'target' must be rollups or table. A rule is replayed by POST /api/v1/rules/{id}/replays.";
        if (target is not (Rollups or TableTarget)) return null;
        fault = "'table' stands with the target table: 'events' to fill in missing rows, or the name of a new table (a letter, then at most 40 of a-z, 0-9 and '_').";
        if (target == TableTarget ? table is null || !TableName().IsMatch(table) : table is not null) return null;
        fault = "'stream' is no name of a stream.";
        if (stream is not null && !StreamName().IsMatch(stream)) return null;
        fault = "'from' and 'to' are required: RFC 3339 times such as 2026-01-31T00:00:00Z.";
        if (Time(root, "from") is not { } from || Time(root, "to") is not { } to) return null;
        if (target == Rollups)
        {
            // A day's row can only be rebuilt from the whole day.
            from -= from % DayMs;
            to = (to + DayMs - 1) / DayMs * DayMs;
        }

        fault = $"'from' must lie before 'to', by at most {MostDays} days.";
        if (from >= to || to - from > MostDays * DayMs) return null;
        fault = "";
        return new ReplayRequest(target, table, stream, from, to, hash);
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var element) ? element.GetString() : null;

    private static long? Time(JsonElement root, string name) =>
        Text(root, name) is { } text
        && DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time)
        && time.ToUnixTimeMilliseconds() is >= 0 and < LatestMs and var ms ? ms : null;

    [GeneratedRegex("^[a-z][a-z0-9_]{0,40}\\z")]
    private static partial Regex TableName();

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,63}\\z")]
    private static partial Regex StreamName();
}

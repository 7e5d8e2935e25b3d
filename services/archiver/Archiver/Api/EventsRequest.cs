using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Millrace.Archiver.ClickHouse;
using Millrace.Contracts.Events;

namespace Millrace.Archiver.Api;

/// <summary>What <c>GET /api/v1/events</c> is asked for.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Type">Only this type.</param>
/// <param name="Late">Only late ones, or only those in time.</param>
/// <param name="FromMs">Begin.</param>
/// <param name="ToMs">End.</param>
/// <param name="Limit">At most so many.</param>
/// <param name="After">The last one of the page before.</param>
internal sealed record EventsRequest(string Stream, string? Type, bool? Late, long FromMs, long ToMs, int Limit, EventsCursor? After)
{
    /// <summary>Most events of an answer.</summary>
    public const int MostEvents = 1_000;

    private const int DefaultLimit = 100;

    // The accepted span of event times (7 days back, 5 minutes ahead), with an hour to spare.
    private const long Back = ((7 * 24) + 1) * 3_600_000L;
    private const long Ahead = 3_600_000;

    private static readonly Dictionary<string, bool?> Choices = new() { ["true"] = true, ["false"] = false };

    /// <summary>Reads it; good only if the arguments then name no error.</summary>
    public static EventsRequest Read(Arguments arguments, long nowMs)
    {
        var stream = arguments.Stream();
        var type = arguments.Text("type", EventLimits.NameLength);
        var late = arguments.OneOf<bool?>("late", null, Choices);
        var to = arguments.Time("to", nowMs + Ahead);
        var from = arguments.Time("from", Math.Min(to, nowMs) - Back);
        var limit = arguments.Number("limit", DefaultLimit, 1, MostEvents);
        var after = EventsCursor.Read(arguments);
        if (from >= to) arguments.Fail("from", "from must be before to.");
        return new EventsRequest(stream, type, late, from, to, limit, after);
    }
}

/// <summary>The last event of a page: the next page begins after it.</summary>
internal sealed record EventsCursor(long TimeMs, string Id, string Source, string Type)
{
    /// <summary>The cursor of a row.</summary>
    public static EventsCursor Of(JsonElement[] row) => new(row[4].AsInt64(), row[0].AsString(), row[1].AsString(), row[3].AsString());

    /// <summary>Reads it; <see langword="null"/> for the first page.</summary>
    public static EventsCursor? Read(Arguments arguments)
    {
        if (arguments.Text("cursor", 4096) is not { } text) return null;
        try
        {
            var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split('\0');
            if (parts.Length == 4 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var timeMs) && timeMs < 10_000_000_000_000)
                return new EventsCursor(timeMs, parts[1], parts[2], parts[3]);
        }
        catch (FormatException)
        {
            // Said below.
        }

        arguments.Fail("cursor", "cursor must be what 'next' of the page before was.");
        return null;
    }

    /// <summary>As it stands in <c>next</c>.</summary>
    public override string ToString() =>
        Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{TimeMs}\0{Id}\0{Source}\0{Type}")));
}

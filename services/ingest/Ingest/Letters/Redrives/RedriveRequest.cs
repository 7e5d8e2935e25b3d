using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary>What a redrive is asked to do: exactly one of <c>all</c>, <c>filter</c>, <c>ids</c>, or <c>id</c> with <c>event</c> or <c>bytes</c>.</summary>
internal sealed record RedriveRequest
{
    /// <summary>Largest body: an event of the largest size in base64, and the rest.</summary>
    public const int MaxBodyBytes = 2 * 1024 * 1024;

    /// <summary>Ids that one redrive may name.</summary>
    public const int MaxIds = 1000;

    private const int LongestId = 64;
    private const int LongestType = 256;

    private static readonly JsonDocumentOptions _strict = new() { MaxDepth = EventLimits.JsonDepth + 2, AllowDuplicateProperties = false };

    /// <summary><c>all</c>, <c>filter</c>, <c>ids</c> or <c>edited</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Which ones, for <c>filter</c>.</summary>
    public LetterFilter Filter { get; init; } = new(null, null, null, null);

    /// <summary>Which ones, for <c>ids</c> and <c>edited</c>.</summary>
    public IReadOnlyList<string> Ids { get; init; } = [];

    /// <summary>The stream of events that name none.</summary>
    public string? DefaultStream { get; init; }

    /// <summary>What is to be judged instead of the original.</summary>
    public byte[]? Replacement { get; init; }

    /// <summary>Content type of it; absent: that of the original.</summary>
    public string? ReplacementType { get; init; }

    /// <summary>Tells this request from any other.</summary>
    public required string Hash { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">JSON.</param>
    /// <param name="fault">What is wrong with it.</param>
    public static RedriveRequest? Parse(ReadOnlyMemory<byte> body, out string fault)
    {
        try
        {
            using var document = JsonDocument.Parse(body, _strict);
            var hash = Convert.ToHexStringLower(SHA256.HashData(body.Span));
            return new Reader(document.RootElement).Read(hash, out fault);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or half a surrogate pair in a name or text that is asked for.
            fault = e is JsonException json ? JsonDiagnosis.Malformed(json, "").Message : "Not JSON: " + e.Message;
            return null;
        }
    }

    private sealed class Reader(JsonElement root)
    {
        private string _fault = "";

        public RedriveRequest? Read(string hash, out string fault)
        {
            var request = Read(hash);
            fault = _fault;
            return fault.Length == 0 ? request : null;
        }

        private RedriveRequest? Read(string hash)
        {
            if (root.ValueKind != JsonValueKind.Object) return Fail("The body must be a JSON object.");
            string[] selectors = ["all", "filter", "ids", "id"];
            var named = selectors.Where(name => root.TryGetProperty(name, out _)).ToArray();
            if (named.Length != 1) return Fail("""Say which: exactly one of "all", "filter", "ids", or "id" with "event" or "bytes".""");
            string[] more = named[0] == "id" ? ["event", "bytes", "content_type", "stream"] : ["stream"];
            if (root.EnumerateObject().FirstOrDefault(member => member.Name != named[0] && !more.Contains(member.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
                return Fail($"'{EventDraft.Show(Encoding.UTF8.GetBytes(unknown.Name))}' is not known here.");
            var stream = Text(root, "stream", EventLimits.StreamLength);
            if (stream is not null && !EventDraft.IsStream(Encoding.UTF8.GetBytes(stream))) return Fail("'stream' is no name of a stream.");
            var request = new RedriveRequest { Kind = named[0], DefaultStream = stream, Hash = hash };
            var selector = root.GetProperty(named[0]);
            return named[0] switch
            {
                "all" => selector.ValueKind == JsonValueKind.True ? request : Fail("'all' must be true."),
                "filter" => ReadFilter(selector) is { } filter ? request with { Filter = filter } : null,
                "ids" => ReadIds(selector) is { } ids ? request with { Ids = ids } : null,
                _ => ReadEdited(request),
            };
        }

        private LetterFilter? ReadFilter(JsonElement filter)
        {
            if (filter.ValueKind != JsonValueKind.Object || !filter.EnumerateObject().Any())
            {
                Fail("""'filter' must be an object with some of "code", "stream", "from", "to".""");
                return null;
            }

            foreach (var member in filter.EnumerateObject())
            {
                if (member.Name is not ("code" or "stream" or "from" or "to")) Fail($"'filter.{EventDraft.Show(Encoding.UTF8.GetBytes(member.Name))}' is not known: there are code, stream, from, to.");
            }

            return new LetterFilter(Text(filter, "code", EventLimits.NameLength), Text(filter, "stream", EventLimits.StreamLength), Time(filter, "from"), Time(filter, "to"));
        }

        private List<string>? ReadIds(JsonElement ids)
        {
            if (ids.ValueKind == JsonValueKind.Array && ids.GetArrayLength() is > 0 and <= MaxIds && ids.EnumerateArray().All(IsId))
                return [.. ids.EnumerateArray().Select(id => id.GetString()!).Distinct(StringComparer.Ordinal)];
            Fail($"'ids' must be a list of 1 to {MaxIds} ids of dead letters.");
            return null;
        }

        private RedriveRequest? ReadEdited(RedriveRequest request)
        {
            if (!IsId(root.GetProperty("id"))) return Fail("'id' must be the id of a dead letter.");
            var hasEvent = root.TryGetProperty("event", out var edited);
            var base64 = Text(root, "bytes", MaxBodyBytes);
            if (hasEvent == base64 is not null) return Fail("""With "id" stands either "event", the event as JSON, or "bytes", the event in base64.""");
            var contentType = Text(root, "content_type", LongestType);
            if (contentType is not null && BodyFormats.Parse(contentType, out var why) == BodyFormat.None) return Fail($"'content_type': {why}");
            var replacement = hasEvent ? Encoding.UTF8.GetBytes(edited.GetRawText()) : Decode(base64!);
            if (replacement is null) return Fail("'bytes' is not base64 (RFC 4648).");
            return request with
            {
                Kind = "edited",
                Ids = [root.GetProperty("id").GetString()!],
                Replacement = replacement,
                ReplacementType = contentType ?? (hasEvent ? "application/json" : null),
            };
        }

        // Ids are ours: anything else is nobody's id, and must not meet the separator under which they are kept.
        private static bool IsId(JsonElement element) =>
            element.ValueKind == JsonValueKind.String && element.GetString() is { Length: > 0 and <= LongestId } id && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

        private static byte[]? Decode(string base64)
        {
            var bytes = new byte[(base64.Length * 3 / 4) + 3];
            return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
        }

        private string? Text(JsonElement parent, string name, int longest)
        {
            if (!parent.TryGetProperty(name, out var element) || element.ValueKind == JsonValueKind.Null) return null;
            if (element.ValueKind == JsonValueKind.String && element.GetString() is { } text && text.Length <= longest && !text.Contains('\0')) return text;
            Fail($"'{name}' must be a text of at most {longest} characters.");
            return null;
        }

        private long? Time(JsonElement parent, string name)
        {
            if (Text(parent, name, EventLimits.NameLength) is not { } text) return null;
            if (PageQuery.ParseTime(text) is { } ms) return ms;
            Fail($"'{name}' must be an RFC 3339 time such as 2026-01-31T12:00:00Z.");
            return null;
        }

        private RedriveRequest? Fail(string fault)
        {
            if (_fault.Length == 0) _fault = fault;
            return null;
        }
    }
}

using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Millrace.Hosting.Http;
using Millrace.Ingest.Events;
using Millrace.Ingest.Formats;
using Millrace.Ingest.Quotas;

namespace Millrace.Ingest.Requests;

/// <summary>Writes the answers of <c>POST /ingest</c>.</summary>
internal static class Answers
{
    // Messages quote field names; the answer is JSON and nothing else, so quotes need no escaping for HTML.
    private static readonly JsonWriterOptions _readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] _codings = ["gzip", "br"];

    /// <summary>202: at least one event is durable.</summary>
    public static Task AcceptedAsync(HttpContext http, int accepted, IReadOnlyList<Rejection> rejections)
    {
        var response = http.Response;
        response.StatusCode = StatusCodes.Status202Accepted;
        response.ContentType = "application/json";
        return rejections.Count == 0 ? WriteAllAccepted(response, accepted) : WritePartialAsync(http, accepted, rejections);
    }

    /// <summary>400, or 413 where size is the only cause: no event is accepted.</summary>
    public static Task NothingAcceptedAsync(HttpContext http, IReadOnlyList<Rejection> rejections)
    {
        var error = rejections.All(r => r.Fault.Code == ErrorCodes.TooLarge) ? ErrorCodes.TooLarge : ErrorCodes.NothingAccepted;
        var detail = rejections.Count == 1
            ? rejections[0].Fault.Message
            : $"All {rejections.Count} events were rejected; 'rejected' says why, one by one.";
        return Problems.WriteAsync(http, error, detail, ("accepted", 0), ("rejected", rejections.Select(RejectedEvent.Of).ToArray()));
    }

    /// <summary>400: there is no event in the body.</summary>
    public static Task EmptyAsync(HttpContext http) =>
        Problems.WriteAsync(http, ErrorCodes.EmptyBody, "The body holds no event. Send at least one.");

    /// <summary>413: the body.</summary>
    public static Task BodyTooLargeAsync(HttpContext http) => Problems.WriteAsync(
        http,
        ErrorCodes.TooLarge,
        $"The body has more than {EventLimits.RequestBytes} bytes (decompressed). Send smaller batches.",
        ("limit_bytes", EventLimits.RequestBytes));

    /// <summary>413: the number of events.</summary>
    public static Task TooManyEventsAsync(HttpContext http) => Problems.WriteAsync(
        http,
        ErrorCodes.TooLarge,
        $"The body holds more than {EventLimits.RequestEvents} events; none was accepted. Send smaller batches.",
        ("limit_events", EventLimits.RequestEvents));

    /// <summary>413: the one event.</summary>
    public static Task EventTooLargeAsync(HttpContext http) => Problems.WriteAsync(
        http,
        ErrorCodes.TooLarge,
        $"The event has more than {EventLimits.EventBytes} bytes. Store large content elsewhere and send a reference.",
        ("limit_event_bytes", EventLimits.EventBytes));

    /// <summary>400: the body can't be decompressed.</summary>
    public static Task CorruptAsync(HttpContext http) =>
        Problems.WriteAsync(http, ErrorCodes.BadRequest, "The body can't be decompressed: it is damaged, cut off, or not what Content-Encoding says.");

    /// <summary>400: <c>?stream=</c>.</summary>
    public static Task BadStreamAsync(HttpContext http) => Problems.WriteAsync(
        http, ErrorCodes.BadRequest, "?stream= is no name of a stream: 1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or digit.");

    /// <summary>415: the content type.</summary>
    public static Task UnsupportedTypeAsync(HttpContext http, string why)
    {
        http.Response.Headers.Accept = string.Join(", ", BodyFormats.Supported);
        return Problems.WriteAsync(
            http,
            ErrorCodes.UnsupportedMediaType,
            $"{why} Send one of: {string.Join(", ", BodyFormats.Supported)}; or any type with the ce- headers of a CloudEvent.",
            ("supported", BodyFormats.Supported));
    }

    /// <summary>415: the content coding.</summary>
    public static Task UnsupportedCodingAsync(HttpContext http, string coding)
    {
        http.Response.Headers.AcceptEncoding = "gzip, br";
        return Problems.WriteAsync(
            http, ErrorCodes.UnsupportedMediaType, $"Content-Encoding '{coding}' is not supported: send one of gzip and br, or none.", ("supported_encodings", _codings));
    }

    /// <summary>429: the tenant's quota.</summary>
    public static Task QuotaExceededAsync(HttpContext http, TenantQuota quota, TimeSpan retryAfter)
    {
        http.Response.Headers.RetryAfter = Seconds(retryAfter);
        return Problems.WriteAsync(
            http, ErrorCodes.QuotaExceeded, $"The tenant has sent more than its quota ({quota.Policy}). Send the request again after the time in Retry-After.");
    }

    /// <summary>503: our own overload.</summary>
    public static Task OverloadedAsync(HttpContext http, string retryAfter)
    {
        http.Response.Headers.RetryAfter = retryAfter;
        return Problems.WriteAsync(
            http, ErrorCodes.Overloaded, "More of this tenant waits than this server can take in soon. Nothing of this request was accepted: send it again after the time in Retry-After.");
    }

    /// <summary>503: the event log.</summary>
    public static Task UnavailableAsync(HttpContext http)
    {
        http.Response.Headers.RetryAfter = "2";
        return Problems.WriteAsync(
            http, ErrorCodes.Unavailable, "The event log can't be written. Nothing of this request is acknowledged: send it again with the same ids, which are counted once.");
    }

    /// <summary>The headers that tell a tenant with a quota how much is left.</summary>
    public static void DescribeQuota(HttpContext http, TenantQuota quota)
    {
        http.Response.Headers["RateLimit-Policy"] = quota.Policy;
        http.Response.Headers["RateLimit"] = quota.Describe();
    }

    private static Task WriteAllAccepted(HttpResponse response, int accepted)
    {
        Span<byte> body = stackalloc byte[48];
        "{\"accepted\":"u8.CopyTo(body);
        accepted.TryFormat(body[12..], out var digits, default, CultureInfo.InvariantCulture);
        ",\"rejected\":[]}"u8.CopyTo(body[(12 + digits)..]);
        body = body[..(27 + digits)];
        response.ContentLength = body.Length;
        response.BodyWriter.Write(body);
        // The server sends what is written when the request ends.
        return Task.CompletedTask;
    }

    private static async Task WritePartialAsync(HttpContext http, int accepted, IReadOnlyList<Rejection> rejections)
    {
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter, _readable);
        json.WriteStartObject();
        json.WriteNumber("accepted", accepted);
        json.WriteStartArray("rejected");
        foreach (var rejection in rejections) JsonSerializer.Serialize(json, RejectedEvent.Of(rejection), IngestJson.Default.RejectedEvent);
        json.WriteEndArray();
        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted);
    }

    private static string Seconds(TimeSpan span) => Math.Max(1, (long)Math.Ceiling(span.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
}

using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Millrace.Ingest.Formats;

/// <summary>What a body is, by its content type.</summary>
internal enum BodyFormat
{
    /// <summary>Not supported.</summary>
    None = 0,

    /// <summary>One event or an array of events.</summary>
    Json = 1,

    /// <summary>One event a line.</summary>
    Ndjson = 2,

    /// <summary>One CloudEvent.</summary>
    CloudEvent = 3,

    /// <summary>An array of CloudEvents.</summary>
    CloudEventBatch = 4,

    /// <summary>The data of one CloudEvent, whose attributes are headers.</summary>
    CloudEventBinary = 5,

    /// <summary><see cref="Contracts.Protos.EventBatch"/>.</summary>
    Protobuf = 6,
}

/// <summary>Tells what a body is.</summary>
internal static class BodyFormats
{
    private const int LongestShown = 100;

    /// <summary>What is supported, for the answer to anything else.</summary>
    public static readonly string[] Supported =
    [
        "application/json", "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json", "application/x-protobuf",
    ];

    /// <summary>The format of a content type that stands without parameters, as almost all do.</summary>
    public static BodyFormat Of(string? contentType) => contentType switch
    {
        "application/json" => BodyFormat.Json,
        "application/x-ndjson" or "application/ndjson" or "application/jsonl" or "application/x-jsonlines" => BodyFormat.Ndjson,
        "application/cloudevents+json" => BodyFormat.CloudEvent,
        "application/cloudevents-batch+json" => BodyFormat.CloudEventBatch,
        "application/x-protobuf" or "application/protobuf" or "application/vnd.google.protobuf" => BodyFormat.Protobuf,
        _ => BodyFormat.None,
    };

    /// <summary>The format of any content type.</summary>
    /// <param name="contentType">Value of the header.</param>
    /// <param name="why">What is wrong with it, where it is not supported.</param>
    public static BodyFormat Parse(string? contentType, out string why)
    {
        why = "";
        var format = Of(contentType);
        if (format != BodyFormat.None) return format;
        if (string.IsNullOrWhiteSpace(contentType))
        {
            why = "The request has no Content-Type.";
            return BodyFormat.None;
        }

        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
        {
            why = $"'{Shorten(contentType)}' is no media type.";
            return BodyFormat.None;
        }

        format = Of(type.MediaType.ToString().ToLowerInvariant());
        if (format == BodyFormat.None)
        {
            why = $"Bodies of type '{Shorten(type.MediaType.ToString())}' are not supported.";
            return BodyFormat.None;
        }

        var charset = HeaderUtilities.RemoveQuotes(type.Charset);
        if (StringSegment.IsNullOrEmpty(charset) || charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
            || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase) || charset.Equals("us-ascii", StringComparison.OrdinalIgnoreCase))
        {
            return format;
        }

        why = $"The charset '{Shorten(charset.ToString())}' is not supported: send UTF-8.";
        return BodyFormat.None;
    }

    // A header of a topic's record may be of any length, and what is said about it goes into a dead letter.
    private static string Shorten(string text) => text.Length <= LongestShown
        ? text
        : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[LongestShown - 1]) ? LongestShown - 1 : LongestShown), "…");
}

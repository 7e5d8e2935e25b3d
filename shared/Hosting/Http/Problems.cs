using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Millrace.Contracts.Errors;

namespace Millrace.Hosting.Http;

/// <summary>
/// Writes errors as problem details (RFC 9457): <c>type</c> (<c>urn:millrace:error:&lt;code&gt;</c>), <c>title</c>, <c>status</c>,
/// <c>detail</c>, <c>instance</c> (the request's path), and our own <c>code</c>, <c>retryable</c>, <c>trace_id</c>.
/// </summary>
public static class Problems
{
    /// <summary>The media type of problem details.</summary>
    public const string ContentType = "application/problem+json";

    private static readonly JsonSerializerOptions ExtensionJson = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // The media type says that this is JSON and nosniff that it is nothing else, so quotes stay readable.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Answers the request with a problem. Status 401 gets a <c>WWW-Authenticate</c> header, 429 and 503 a <c>Retry-After</c> of one second
    /// unless one is set already. When the response has begun, the connection is aborted: nothing else tells the client.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="error">What went wrong, from <see cref="ErrorCodes"/>.</param>
    /// <param name="detail">What went wrong this time and what to do; never a secret.</param>
    /// <param name="extensions">Further members; values are written as JSON in snake_case.</param>
    public static async Task WriteAsync(HttpContext context, ErrorCode error, string detail, params (string Name, object? Value)[] extensions)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(error);
        ArgumentNullException.ThrowIfNull(extensions);
        var response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }

        response.StatusCode = error.Status;
        response.ContentType = ContentType;
        response.ContentLength = null;
        if (error.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = ReferenceEquals(error, ErrorCodes.MissingCredential)
                ? "Bearer realm=\"millrace\""
                : "Bearer realm=\"millrace\", error=\"invalid_token\"";
        else if (error.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable
            && !response.Headers.ContainsKey(HeaderNames.RetryAfter))
            response.Headers.RetryAfter = "1";

        await using var json = new Utf8JsonWriter(response.BodyWriter, Readable);
        Write(json, context, error, detail, extensions);
        await json.FlushAsync(context.RequestAborted);
    }

    /// <summary>The same as a result of a minimal-API handler.</summary>
    public static IResult Result(ErrorCode error, string detail, params (string Name, object? Value)[] extensions) =>
        new ProblemResult(error, detail, extensions);

    /// <summary>The id under which logs and traces know a request: its W3C trace id, or the server's own id where it has none.</summary>
    public static string TraceIdOf(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (Activity.Current is { } activity)
            return activity.TraceId.ToHexString();
        return ActivityContext.TryParse(context.Request.Headers.TraceParent.ToString(), null, out var parent)
            ? parent.TraceId.ToHexString()
            : context.TraceIdentifier;
    }

    private static void Write(
        Utf8JsonWriter json, HttpContext context, ErrorCode error, string detail, (string Name, object? Value)[] extensions)
    {
        json.WriteStartObject();
        json.WriteString("type", "urn:millrace:error:" + error.Code);
        json.WriteString("title", error.Title);
        json.WriteNumber("status", error.Status);
        json.WriteString("detail", detail);
        json.WriteString("instance", context.Request.PathBase + context.Request.Path);
        json.WriteString("code", error.Code);
        json.WriteBoolean("retryable", error.Retryable);
        json.WriteString("trace_id", TraceIdOf(context));
        foreach (var (name, value) in extensions)
        {
            json.WritePropertyName(name);
            if (value is null)
                json.WriteNullValue();
            else
                JsonSerializer.Serialize(json, value, value.GetType(), ExtensionJson);
        }

        json.WriteEndObject();
    }

    private sealed class ProblemResult(ErrorCode error, string detail, (string Name, object? Value)[] extensions)
        : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => error.Status;

        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, error, detail, extensions);
    }
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;

namespace Millrace.RealtimeGateway.Http;

/// <summary>Reads small bodies, with our own errors.</summary>
internal static class RequestBody
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>Reads the body as it is.</summary>
    /// <param name="context">The request.</param>
    /// <param name="most">Bytes that it may have.</param>
    /// <returns><see langword="null"/> when it has been refused and answered.</returns>
    public static async ValueTask<byte[]?> ReadBytesAsync(HttpContext context, int most)
    {
        using var body = new MemoryStream();
        var buffer = new byte[4096];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            body.Write(buffer, 0, read);
            if (body.Length <= most) continue;
            await Problems.WriteAsync(context, ErrorCodes.TooLarge, $"The body may have {most} bytes.");
            return null;
        }

        return body.ToArray();
    }

    /// <summary>Reads the body; an absent one is the default.</summary>
    /// <returns><see langword="null"/> when it has been refused and answered.</returns>
    public static async ValueTask<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, T absent)
        where T : class
    {
        if (context.Request.ContentLength == 0 || (context.Request.ContentLength is null && !context.Request.Headers.ContainsKey("Transfer-Encoding")))
            return absent;
        if (context.Request.ContentLength > MaxBytes)
        {
            await Problems.WriteAsync(context, ErrorCodes.TooLarge, $"The body may have {MaxBytes} bytes.");
            return null;
        }

        if (!context.Request.HasJsonContentType())
        {
            await Problems.WriteAsync(context, ErrorCodes.UnsupportedMediaType, "The body must be application/json.");
            return null;
        }

        try
        {
            var bytes = new byte[MaxBytes + 1];
            var length = await context.Request.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, context.RequestAborted);
            if (length > MaxBytes)
            {
                await Problems.WriteAsync(context, ErrorCodes.TooLarge, $"The body may have {MaxBytes} bytes.");
                return null;
            }

            if (JsonSerializer.Deserialize(bytes.AsSpan(0, length), type) is { } value)
            {
                if (!JsonNul.IsIn(bytes.AsSpan(0, length))) return value;
                await Problems.WriteAsync(context, ErrorCodes.BadRequest, JsonNul.Problem);
                return null;
            }

            await Problems.WriteAsync(context, ErrorCodes.InvalidJson, "The body must be a JSON object.");
        }
        catch (JsonException e)
        {
            await Problems.WriteAsync(context, ErrorCodes.InvalidJson, $"The body is not what this takes: {JsonFault.Cut(e.Path ?? "not JSON")}.");
        }

        return null;
    }

    /// <summary>Writes an answer.</summary>
    public static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(value, type, contentType: null, context.RequestAborted);
    }
}

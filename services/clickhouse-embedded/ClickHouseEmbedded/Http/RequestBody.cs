using System.IO.Compression;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>The body of a request, decompressed as it is read.</summary>
internal static class RequestBody
{
    /// <summary>The stream to read.</summary>
    /// <exception cref="ChdbException">It is compressed in a way that is not known here.</exception>
    public static Stream Open(HttpRequest request)
    {
        if (request.ContentType is { } type && type.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
            throw ChdbException.Of(ServerError.NotImplemented, "The embedded server does not know multipart bodies (external tables).");
        var encoding = request.Headers.ContentEncoding.ToString();
        return encoding.ToLowerInvariant() switch
        {
            "" or "identity" => request.Body,
            "gzip" or "x-gzip" => new GZipStream(request.Body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(request.Body, CompressionMode.Decompress),
            "br" => new BrotliStream(request.Body, CompressionMode.Decompress),
            _ => throw ChdbException.Of(ServerError.NotImplemented, $"Unknown compression method {encoding}. Only gzip, deflate and br are supported."),
        };
    }

    /// <summary>Fills a buffer from the stream as far as there is data.</summary>
    /// <returns>Bytes read; less than asked for only at the end.</returns>
    /// <exception cref="ChdbException">It does not decompress.</exception>
    public static async ValueTask<int> FillAsync(Stream body, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException || (e is InvalidOperationException && body is BrotliStream))
        {
            throw ChdbException.Of(ServerError.CannotDecompress, $"Cannot decompress the request's body: {e.Message}");
        }
    }
}

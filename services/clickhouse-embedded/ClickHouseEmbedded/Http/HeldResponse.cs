using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.WebUtilities;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>
/// The body of an answer. The first MiB is held back, as ClickHouse does: most results are smaller, and then an error has its own status and the figures in the
/// headers are whole. A client that waits for the query's end has all of it held back, beyond that MiB in a file.
/// </summary>
internal sealed class HeldResponse : IAsyncDisposable
{
    private const int HeldBytes = 1 << 20;

    /// <summary>Longest wait for a client that does not read, as ClickHouse's <c>http_send_timeout</c> is by default.</summary>
    private static readonly TimeSpan _sendTimeout = TimeSpan.FromSeconds(300);

    private readonly HttpContext _context;
    private readonly string _tag = ExceptionTrailer.NewTag();
    private readonly string? _encoding;
    private readonly FileBufferingWriteStream? _whole;
    private byte[]? _held;
    private int _heldCount;
    private Stream? _output;

    /// <summary>Creates it; nothing is sent yet.</summary>
    public HeldResponse(HttpContext context, string format, bool compress, bool holdWhole, string temporaryDirectory)
    {
        _context = context;
        _encoding = compress ? Encoding(context.Request.Headers.AcceptEncoding.ToString()) : null;
        _whole = holdWhole ? new FileBufferingWriteStream(HeldBytes, tempFileDirectoryAccessor: () => temporaryDirectory) : null;
        context.Response.ContentType = ContentTypes.Of(format);
        context.Response.Headers["X-ClickHouse-Format"] = format;
        context.Response.Headers[ExceptionTrailer.TagHeader] = _tag;
    }

    /// <summary>Takes the next bytes of the result.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_whole is not null)
        {
            await _whole.WriteAsync(bytes, cancellationToken);
            return;
        }
        if (_output is null)
        {
            if (TryHold(bytes.Span)) return;
            SummaryHeader.Write(_context.Response, default);
            await StartAsync(cancellationToken);
        }
        await SendAsync(bytes, cancellationToken);
    }

    /// <summary>Ends the answer well.</summary>
    public async Task CompleteAsync(QueryStatistics statistics, CancellationToken cancellationToken)
    {
        if (_output is null)
        {
            SummaryHeader.Write(_context.Response, statistics);
            if (_whole is null && _encoding is null) _context.Response.ContentLength = _heldCount;
            await StartAsync(cancellationToken);
            if (_whole is not null) await _whole.DrainBufferAsync(_output!, cancellationToken);
        }
        if (_encoding is not null) await _output!.DisposeAsync();
    }

    /// <summary>Ends the answer with an error, when rows have been sent already.</summary>
    /// <returns>False when nothing has been sent: then the error can be a whole answer of its own.</returns>
    public async Task<bool> TryFailAsync(ChdbException error, string version, CancellationToken cancellationToken)
    {
        if (_output is null) return false;
        await SendAsync(ExceptionTrailer.Of(ExceptionTrailer.Text(error, version), _tag), cancellationToken);
        if (_encoding is not null) await _output.DisposeAsync();
        await _context.Response.Body.FlushAsync(cancellationToken);
        // The body must not look complete. The socket has all of it by now (the write buffer's size sees to that), and closes in order.
        _context.Abort();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_held is not null) ArrayPool<byte>.Shared.Return(_held);
        _held = null;
        if (_whole is not null) await _whole.DisposeAsync();
    }

    private bool TryHold(ReadOnlySpan<byte> bytes)
    {
        if (_heldCount + bytes.Length > HeldBytes) return false;
        if (_held is null || _held.Length < _heldCount + bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_heldCount + bytes.Length, 2 * _heldCount));
            _held.AsSpan(0, _heldCount).CopyTo(larger);
            if (_held is not null) ArrayPool<byte>.Shared.Return(_held);
            _held = larger;
        }
        bytes.CopyTo(_held.AsSpan(_heldCount));
        _heldCount += bytes.Length;
        return true;
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var body = _context.Response.Body;
        if (_encoding is not null) _context.Response.Headers.ContentEncoding = _encoding;
        _output = _encoding switch
        {
            "gzip" => new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(body, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(body, CompressionLevel.Fastest, leaveOpen: true),
            _ => body,
        };
        if (_heldCount > 0) await SendAsync(_held.AsMemory(0, _heldCount), cancellationToken);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_sendTimeout);
        await _output!.WriteAsync(bytes, timeout.Token);
    }

    private static string? Encoding(string accepted) =>
        accepted.Contains("gzip", StringComparison.OrdinalIgnoreCase) ? "gzip"
        : accepted.Contains("deflate", StringComparison.OrdinalIgnoreCase) ? "deflate"
        : accepted.Contains("br", StringComparison.OrdinalIgnoreCase) ? "br" : null;
}

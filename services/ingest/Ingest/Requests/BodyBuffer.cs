using System.Buffers;
using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Millrace.Contracts.Events;
using Millrace.Ingest.Events;
using Millrace.Ingest.Overload;

namespace Millrace.Ingest.Requests;

/// <summary>
/// A request's body, decompressed, in one piece of pooled memory. It grows with what has arrived, never with what a header announces, and every
/// growth is charged to the budget first, so neither a slow sender nor a zip bomb holds more than it has sent.
/// </summary>
internal sealed class BodyBuffer(InFlightBudget budget)
{
    /// <summary>
    /// Makes the framework's decoders refuse content that is cut off; by default they take its end for the end of the content, and events would
    /// be lost without a word.
    /// </summary>
    public const string StrictDecoding = "System.IO.Compression.UseStrictValidation";

    private const int FirstBytes = 4 * 1024;
    private const int LargestFirstBytes = 256 * 1024;

    /// <summary>A body counts as it came and again as the events it becomes.</summary>
    private const int Copies = 2;

    private byte[] _bytes = [];
    private int _length;
    private TenantFlow? _flow;

    /// <summary>What was read.</summary>
    public ReadOnlyMemory<byte> Content => _bytes.AsMemory(0, _length);

    /// <summary>Reads a body whole, or as far as it may be read.</summary>
    /// <exception cref="BadHttpRequestException">The transfer itself is broken or too slow.</exception>
    /// <param name="flow">Whose memory it is.</param>
    /// <param name="request">The request.</param>
    /// <param name="coding">How the body is encoded.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async ValueTask<BodyOutcome> ReadAsync(TenantFlow flow, HttpRequest request, ContentCoding coding, CancellationToken cancellationToken)
    {
        _flow = flow;
        var sizeLimit = request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (coding == ContentCoding.Identity)
        {
            // From here on the limit is ours, so that the server still reads what is too large: a client that is sending sees the answer.
            var limit = (int)Math.Min(sizeLimit?.MaxRequestBodySize ?? EventLimits.RequestBytes, EventLimits.RequestBytes);
            if (sizeLimit is { IsReadOnly: false }) sizeLimit.MaxRequestBodySize = null;
            return request.ContentLength > limit ? BodyOutcome.TooLarge : await ReadPlainAsync(request, limit, cancellationToken);
        }

        // Compressed content may go on for ever without coming to anything: the server ends that.
        if (sizeLimit is { IsReadOnly: false, MaxRequestBodySize: null }) sizeLimit.MaxRequestBodySize = EventLimits.RequestBytes;
        try
        {
            await using var decoded = Decode(request.Body, coding);
            return await ReadDecodedAsync(decoded, cancellationToken);
        }
        catch (Exception e) when (e is InvalidDataException || (e is InvalidOperationException && coding == ContentCoding.Brotli))
        {
            // The decoder of Brotli calls bad data an invalid operation.
            return BodyOutcome.Corrupt;
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return BodyOutcome.TooLarge;
        }
    }

    /// <summary>Returns all memory.</summary>
    public void Close()
    {
        if (_bytes.Length == 0) return;
        budget.Return(_flow!, (long)_bytes.Length * Copies);
        Buffers.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    private static Stream Decode(Stream body, ContentCoding coding) => coding == ContentCoding.Brotli
        ? new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true)
        : new GZipStream(body, CompressionMode.Decompress, leaveOpen: true);

    private async ValueTask<BodyOutcome> ReadPlainAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (!TryGrow((int)Math.Clamp(request.ContentLength ?? FirstBytes, FirstBytes, LargestFirstBytes))) return BodyOutcome.Overloaded;
        var reader = request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var arrived = result.Buffer;
            var outcome = Append(arrived, limit);
            reader.AdvanceTo(arrived.End);
            if (outcome != BodyOutcome.Read) return outcome;
            if (result.IsCompleted) return BodyOutcome.Read;
            if (result.IsCanceled) throw new OperationCanceledException("The reading of the body was cancelled.");
        }
    }

    private BodyOutcome Append(in ReadOnlySequence<byte> arrived, int limit)
    {
        if (arrived.Length > limit - _length) return BodyOutcome.TooLarge;
        if (arrived.Length > _bytes.Length - _length && !TryGrow(_length + (int)arrived.Length)) return BodyOutcome.Overloaded;
        arrived.CopyTo(_bytes.AsSpan(_length));
        _length += (int)arrived.Length;
        return BodyOutcome.Read;
    }

    private async ValueTask<BodyOutcome> ReadDecodedAsync(Stream decoded, CancellationToken cancellationToken)
    {
        if (!TryGrow(FirstBytes)) return BodyOutcome.Overloaded;
        var one = new byte[1];
        while (true)
        {
            if (_length == EventLimits.RequestBytes)
                return await decoded.ReadAsync(one, cancellationToken) == 0 ? BodyOutcome.Read : BodyOutcome.TooLarge;
            if (_length == _bytes.Length && !TryGrow(_length + 1)) return BodyOutcome.Overloaded;
            var free = _bytes.AsMemory(_length, Math.Min(_bytes.Length, EventLimits.RequestBytes) - _length);
            var read = await decoded.ReadAsync(free, cancellationToken);
            if (read == 0) return BodyOutcome.Read;
            _length += read;
        }
    }

    private bool TryGrow(int needed)
    {
        var size = Math.Max(needed, Math.Min(_bytes.Length * 2, EventLimits.RequestBytes));
        var larger = Buffers.Rent(size);
        if (!budget.TryTake(_flow!, (long)larger.Length * Copies))
        {
            Buffers.Return(larger);
            return false;
        }

        var length = _length;
        _bytes.AsSpan(0, length).CopyTo(larger);
        Close();
        _bytes = larger;
        _length = length;
        return true;
    }
}

/// <summary>How a body is encoded.</summary>
internal enum ContentCoding
{
    /// <summary>In a way that is not supported.</summary>
    Unsupported = 0,

    /// <summary>Not at all.</summary>
    Identity = 1,

    /// <summary>RFC 1952.</summary>
    Gzip = 2,

    /// <summary>RFC 7932.</summary>
    Brotli = 3,
}

/// <summary>What reading a body came to.</summary>
internal enum BodyOutcome
{
    /// <summary>Never returned.</summary>
    Unset = 0,

    /// <summary>It is there.</summary>
    Read = 1,

    /// <summary>It is larger than a request may be.</summary>
    TooLarge = 2,

    /// <summary>All requests together hold as much as they may.</summary>
    Overloaded = 3,

    /// <summary>It can't be decompressed.</summary>
    Corrupt = 4,
}

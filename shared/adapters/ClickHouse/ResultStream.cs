using System.Text;
using Millrace.Ports.ClickHouse;

namespace Millrace.Adapters.ClickHouse;

/// <summary>
/// The rows of an answer. ClickHouse can fail after the first rows, when the status has long been 200: it then ends the body with a trailer
/// (<c>__exception__</c>, the tag of the response header, the text, its length) and breaks the connection off. Both become the exception they stand for.
/// </summary>
internal sealed class ResultStream(HttpResponseMessage answer, Stream inner, string? tag) : Stream
{
    private const string Marker = "__exception__";
    private const int TailLength = 32 * 1024;
    private readonly byte[] _tail = new byte[TailLength];
    private int _tailFilled;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Failure() ?? new ClickHouseException(0, retryable: true, $"ClickHouse broke the answer off: {e.Message}", e);
        }

        return Note(buffer.Span[..read]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer)
    {
        int read;
        try
        {
            read = inner.Read(buffer);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw Failure() ?? new ClickHouseException(0, retryable: true, $"ClickHouse broke the answer off: {e.Message}", e);
        }

        return Note(buffer[..read]);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            answer.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Note(ReadOnlySpan<byte> read)
    {
        if (tag is null) return read.Length;
        if (read.IsEmpty) return Failure() is { } failure ? throw failure : 0;
        if (read.Length >= TailLength)
        {
            read[^TailLength..].CopyTo(_tail);
            _tailFilled = TailLength;
            return read.Length;
        }

        var kept = Math.Min(_tailFilled, TailLength - read.Length);
        _tail.AsSpan(_tailFilled - kept, kept).CopyTo(_tail);
        read.CopyTo(_tail.AsSpan(kept));
        _tailFilled = kept + read.Length;
        return read.Length;
    }

    private ClickHouseException? Failure()
    {
        if (tag is null) return null;
        var tail = Encoding.UTF8.GetString(_tail, 0, _tailFilled);
        var end = tail.LastIndexOf($" {tag}\r\n{Marker}", StringComparison.Ordinal);
        if (end < 0) return null;
        var begin = tail.IndexOf($"{Marker}\r\n{tag}\r\n", StringComparison.Ordinal);
        var text = begin < 0 ? tail[..end] : tail[(begin + Marker.Length + tag.Length + 4)..end];
        return ClickHouseError.Create(ClickHouseError.CodeIn(text), text.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '\r', '\n'));
    }
}

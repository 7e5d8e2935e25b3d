namespace Millrace.Adapters.ClickHouse;

/// <summary>Passes writes on and notes when it was the connection that failed, rather than whoever writes.</summary>
internal sealed class GuardedStream(Stream inner) : Stream
{
    public bool Failed { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Failed = true;
        inner.Write(buffer);
        Failed = false;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Failed = true;
        await inner.WriteAsync(buffer, cancellationToken);
        Failed = false;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
        Failed = true;
        inner.Flush();
        Failed = false;
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        Failed = true;
        await inner.FlushAsync(cancellationToken);
        Failed = false;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

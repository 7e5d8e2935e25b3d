namespace Millrace.Adapters.S3.Tests.Support;

/// <summary>A stream that can't seek and gives few bytes at a time, as from a network.</summary>
internal sealed class OneWayStream(byte[] content) : MemoryStream(content)
{
    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, 100_000)], cancellationToken);
}

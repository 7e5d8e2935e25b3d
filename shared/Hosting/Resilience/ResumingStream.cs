using Millrace.Ports.Objects;

namespace Millrace.Hosting.Resilience;

/// <summary>An object's content that is asked for anew, from where it broke off, when its connection breaks. Right because objects never change.</summary>
internal sealed class ResumingStream(Stream first, IObjectStore store, ObjectRetries retries, string key, long offset) : Stream
{
    private Stream? _current = first;
    private long _position = offset;

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
        var read = await retries.RunAsync("read", token => TryReadAsync(buffer, token), cancellationToken);
        _position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // For readers that know no other way; repeating needs the asynchronous one.
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
        // There is nothing to write.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _current?.Dispose();
        base.Dispose(disposing);
    }

    private async Task<int> TryReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        _current ??= await store.OpenReadAsync(key, _position, cancellationToken)
            ?? throw new ObjectStoreException($"The object '{key}' was removed while it was read.", retryable: false);
        try
        {
            return await _current.ReadAsync(buffer, cancellationToken);
        }
        catch (ObjectStoreException)
        {
            await _current.DisposeAsync();
            _current = null;
            throw;
        }
    }
}

using System.Buffers;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>
/// The next bytes of some content, in memory that grows with what there is, up to a limit: a stream that can't seek can so be sent with its length,
/// and one that breaks is noticed before anything is sent.
/// </summary>
internal sealed class PartBuffer(long limit) : IDisposable
{
    private const int Smallest = 64 * 1024;
    private byte[] _bytes = [];

    /// <summary>Bytes that are held.</summary>
    public int Length { get; private set; }

    /// <summary>Whether the content ended in them.</summary>
    public bool IsLast { get; private set; }

    /// <summary>Forgets what is held and reads on, until the limit or the content's end.</summary>
    public async Task FillAsync(Stream content, CancellationToken cancellationToken)
    {
        Length = 0;
        while (Length < limit)
        {
            if (Length == _bytes.Length) Grow(content);
            var read = await ReadAsync(content, _bytes.AsMemory(Length, (int)Math.Min(_bytes.Length, limit) - Length), cancellationToken);
            if (read == 0)
            {
                IsLast = true;
                return;
            }

            Length += read;
        }
    }

    /// <summary>What is held.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, Length);

    /// <summary>What is held, for reading, as often as wanted.</summary>
    public MemoryStream OpenRead() => new(_bytes, 0, Length, writable: false);

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    // The source's failure must not look like the store's, which may pass.
    private static async Task<int> ReadAsync(Stream content, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await content.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e)
        {
            throw new ObjectStoreException("The content to store could not be read: " + e.Message, retryable: false, e);
        }
    }

    private void Grow(Stream content)
    {
        // One more than is left, so that the end shows in the same read.
        var wanted = content.CanSeek ? content.Length - content.Position + Length + 1 : _bytes.Length * 2L;
        var next = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(wanted, Smallest, Math.Max(limit, Smallest)));
        _bytes.AsSpan(0, Length).CopyTo(next);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = next;
    }
}

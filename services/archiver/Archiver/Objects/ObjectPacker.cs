using System.IO.Compression;
using System.Security.Cryptography;
using Millrace.Archiver.Blocks;
using Millrace.Contracts.Events;

namespace Millrace.Archiver.Objects;

/// <summary>
/// Makes the bytes of one object: JSON lines, gzip (RFC 1952) without name or time, so that the same events give the same bytes. Used by one
/// task at a time, again and again.
/// </summary>
internal sealed class ObjectPacker : IDisposable
{
    private const int FlushBytes = 64 * 1024;
    private readonly PooledBuffer _lines = new(FlushBytes * 2);
    private readonly PooledBuffer _packed = new(FlushBytes);
    private readonly PooledBufferStream _output;
    private readonly EventLine _line;

    public ObjectPacker()
    {
        _output = new PooledBufferStream(_packed);
        _line = new EventLine(_lines);
    }

    /// <summary>The object's bytes, valid until the next <see cref="Pack"/>.</summary>
    public PooledBuffer Packed => _packed;

    /// <summary>Packs events and answers with the SHA-256 of the result, in lower-case hexadecimal.</summary>
    public string Pack(IEnumerable<(ReadOnlyMemory<byte> Bytes, bool Late)> records, CompressionLevel level)
    {
        _packed.Clear();
        _lines.Clear();
        using (var gzip = new GZipStream(_output, level, leaveOpen: true))
        {
            foreach (var (bytes, late) in records)
            {
                if (!EventView.TryParse(bytes.Span, out var view)) throw new InvalidOperationException("A record changed under its cut.");
                _line.Write(view, late);
                if (_lines.Length < FlushBytes) continue;
                gzip.Write(_lines.Span);
                _lines.Clear();
            }

            gzip.Write(_lines.Span);
        }

        return Convert.ToHexStringLower(SHA256.HashData(_packed.Span));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _line.Dispose();
        _output.Dispose();
        _lines.Dispose();
        _packed.Dispose();
    }
}

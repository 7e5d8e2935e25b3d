using System.Buffers;
using System.IO.Pipelines;

namespace Millrace.Archiver.ClickHouse;

/// <summary>Reads a stream line by line (LF), as bytes. Does not own the stream.</summary>
/// <param name="stream">The stream.</param>
/// <param name="longest">Most bytes of a line; a longer one is an error.</param>
internal sealed class LineReader(Stream stream, int longest) : IDisposable
{
    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true, bufferSize: 64 * 1024));
    private SequencePosition? _consumed;

    /// <summary>The next line without its end, valid until the next call; <see langword="null"/> at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_consumed is { } consumed) _pipe.AdvanceTo(consumed);
        _consumed = null;
        while (true)
        {
            var read = await _pipe.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                _consumed = read.Buffer.GetPosition(1, end);
                return Line(read.Buffer.Slice(0, end));
            }

            if (read.IsCompleted)
            {
                _consumed = read.Buffer.End;
                // Not ?:, in which null would become an empty memory.
                if (read.Buffer.IsEmpty) return null;
                return Line(read.Buffer);
            }

            if (read.Buffer.Length > longest) throw new InvalidDataException($"A line has more than {longest} bytes.");
            _pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _pipe.Complete();

    private static ReadOnlyMemory<byte> Line(ReadOnlySequence<byte> bytes) => bytes.IsSingleSegment ? bytes.First : bytes.ToArray();
}

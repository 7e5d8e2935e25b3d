using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>Reads a socket into pooled memory, of which it holds none while nothing comes. One reader at a time.</summary>
internal sealed class SocketInput : PipeReader
{
    private const int Least = 4096;
    private readonly Socket _socket;
    private byte[]? _buffer;
    private int _start;
    private int _end;
    private bool _needsMore;
    private bool _isCompleted;

    /// <param name="socket">The socket, which does not block.</param>
    /// <param name="ahead">What was read of it before.</param>
    public SocketInput(Socket socket, ReadOnlySpan<byte> ahead)
    {
        _socket = socket;
        if (ahead.IsEmpty) return;
        _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(Least, ahead.Length));
        ahead.CopyTo(_buffer);
        _end = ahead.Length;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TryRead(out var result) ? ValueTask.FromResult(result) : ReadMoreAsync();

    public override bool TryRead(out ReadResult result)
    {
        result = Result;
        return _isCompleted || (_end > _start && !_needsMore);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_buffer is null) return;
        _start = consumed.GetInteger();
        _needsMore = examined.GetInteger() == _end;
        if (_start == _end) Return();
    }

    public override void CancelPendingRead() => throw new NotSupportedException("Closing the socket ends a read.");

    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        Return();
    }

    private ReadResult Result => new(_buffer is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_buffer, _start, _end - _start), isCanceled: false, _isCompleted);

    private async ValueTask<ReadResult> ReadMoreAsync()
    {
        while (true)
        {
            try
            {
                // Of no bytes: completes when some can be read.
                await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
            }
            catch (SocketException e)
            {
                throw new IOException("The connection was lost.", e);
            }

            MakeRoom();
            var length = _socket.Receive(_buffer.AsSpan(_end), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) continue;
            if (error != SocketError.Success) throw new IOException("The connection was lost.", new SocketException((int)error));
            _isCompleted = length == 0;
            _end += length;
            _needsMore = false;
            return Result;
        }
    }

    private void MakeRoom()
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(Least);
            return;
        }

        var length = _end - _start;
        if (_buffer.Length - length >= Least / 2)
        {
            if (_buffer.Length - _end < Least / 2) Move(_buffer, length);
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        var smaller = _buffer;
        Move(larger, length);
        ArrayPool<byte>.Shared.Return(smaller);
    }

    private void Move(byte[] to, int length)
    {
        _buffer.AsSpan(_start, length).CopyTo(to);
        (_buffer, _start, _end) = (to, 0, length);
    }

    private void Return()
    {
        if (_buffer is not null) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _start, _end) = (null, 0, 0);
    }
}

using System.Net.Sockets;

namespace Millrace.RealtimeGateway.WebSockets.Listening;

/// <summary>
/// A socket as a stream for the length of a handshake. <see cref="NetworkStream"/> would do, but what a socket needs for its first write that waits it keeps for life, 360 bytes:
/// here a write waits only where the kernel does not take it at once.
/// </summary>
internal sealed class HandshakeStream(Socket socket) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!buffer.IsEmpty)
        {
            var sent = socket.Send(buffer.Span, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) sent = await socket.SendAsync(buffer, SocketFlags.None, cancellationToken);
            else if (error != SocketError.Success) throw new IOException("The connection was lost.", new SocketException((int)error));
            buffer = buffer[sent..];
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text.Unicode;

namespace Millrace.RealtimeGateway.WebSockets;

/// <summary>
/// Reads a client's frames (RFC 6455, section 5) and puts fragments together. One reader at a time. While it waits it holds no buffer,
/// so an idle connection costs next to nothing.
/// </summary>
/// <param name="input">The connection's bytes.</param>
/// <param name="mayCompress">Whether messages may be compressed.</param>
/// <param name="maxMessageBytes">Larger messages end the connection with 1009.</param>
internal sealed class WebSocketReader(PipeReader input, int maxMessageBytes, bool mayCompress = false)
{
    private byte[]? _message;
    private int _length;
    private WebSocketOpcode _fragmented;
    private bool _compressed;

    /// <summary>
    /// The next message or control frame. Its payload is valid until the next call. Never throws for what the client does:
    /// a broken connection is <see cref="WebSocketInput.Ended"/>, a broken rule carries the close code to answer with.
    /// </summary>
    public async ValueTask<WebSocketInput> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync(cancellationToken);
            }
            catch (Exception e) when (IsBroken(e))
            {
                return WebSocketInput.Ended;
            }

            if (TryTake(read, out var result)) return result;
        }
    }

    /// <summary>
    /// Takes what was read: for who reads the input itself and so saves the memory of <see cref="ReadAsync"/> while it waits. Its payload is valid until the next call.
    /// </summary>
    /// <returns>Whether there is a message or a control frame; else more is to be read.</returns>
    public bool TryTake(in ReadResult read, out WebSocketInput result)
    {
        if (_fragmented == WebSocketOpcode.Continuation) Release();
        var buffer = read.Buffer;
        var step = Step(ref buffer, out result);
        input.AdvanceTo(buffer.Start, step == Progress.NeedMore ? read.Buffer.End : buffer.Start);
        if (step != Progress.NeedMore || !(read.IsCompleted || read.IsCanceled)) return step == Progress.Done;
        result = WebSocketInput.Ended;
        return true;
    }

    /// <summary>Whether an exception of a read says no more than that the connection is gone.</summary>
    public static bool IsBroken(Exception e) => e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException;

    private Progress Step(ref ReadOnlySequence<byte> buffer, out WebSocketInput result)
    {
        result = default;
        if (!FrameHeader.TryRead(buffer, out var header)) return Progress.NeedMore;
        if (header.Violation(_fragmented != WebSocketOpcode.Continuation, mayCompress) is { } violation)
            return Fail(WebSocketCloseCode.ProtocolError, violation, out result);
        if (header.PayloadLength + (header.IsControl ? 0 : _length) > maxMessageBytes)
            return Fail(WebSocketCloseCode.MessageTooBig, "message too big", out result);
        if (buffer.Length < header.Size + header.PayloadLength) return Progress.NeedMore;

        var payload = buffer.Slice(header.Size, header.PayloadLength);
        buffer = buffer.Slice(header.Size + header.PayloadLength);
        if (header.IsControl)
        {
            var control = payload.ToArray();
            Unmask(control, header.Mask);
            result = new WebSocketInput(header.Opcode, control);
            return Progress.Done;
        }

        Append(payload, header.Mask);
        if (header.Opcode != WebSocketOpcode.Continuation) (_fragmented, _compressed) = (header.Opcode, header.IsCompressed);
        if (!header.Final) return Progress.Again;
        var opcode = _fragmented;
        _fragmented = WebSocketOpcode.Continuation;
        if (_compressed && !TryExpand(out result)) return Progress.Done;
        var whole = _message.AsMemory(0, _length);
        if (opcode == WebSocketOpcode.Text && !Utf8.IsValid(whole.Span))
            return Fail(WebSocketCloseCode.InvalidPayload, "invalid UTF-8", out result);
        result = new WebSocketInput(opcode, whole);
        return Progress.Done;
    }

    private bool TryExpand(out WebSocketInput result)
    {
        result = default;
        var outcome = MessageDeflate.Expand(_message.AsSpan(0, _length), maxMessageBytes, out var pooled, out var length);
        if (outcome != MessageDeflate.Outcome.Expanded)
        {
            if (outcome == MessageDeflate.Outcome.TooLarge) Fail(WebSocketCloseCode.MessageTooBig, "message too big", out result);
            else Fail(WebSocketCloseCode.InvalidPayload, "invalid compressed data", out result);
            return false;
        }

        Release();
        (_message, _length) = (pooled, length);
        return true;
    }

    private void Append(ReadOnlySequence<byte> payload, uint mask)
    {
        var needed = _length + (int)payload.Length;
        if (_message is null || _message.Length < needed)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 256));
            _message.AsSpan(0, _length).CopyTo(larger);
            if (_message is not null) ArrayPool<byte>.Shared.Return(_message);
            _message = larger;
        }

        payload.CopyTo(_message.AsSpan(_length));
        Unmask(_message.AsSpan(_length, (int)payload.Length), mask);
        _length = needed;
    }

    /// <summary>Gives the memory of the last message back; after the last read.</summary>
    public void Release()
    {
        if (_message is not null) ArrayPool<byte>.Shared.Return(_message);
        _message = null;
        _length = 0;
    }

    private static Progress Fail(int code, string reason, out WebSocketInput result)
    {
        result = WebSocketInput.Failed(code, reason);
        return Progress.Done;
    }

    private static void Unmask(Span<byte> bytes, uint mask)
    {
        var at = 0;
        var wide = mask | ((ulong)mask << 32);
        for (; bytes.Length - at >= 8; at += 8)
        {
            var part = bytes[at..];
            BinaryPrimitives.WriteUInt64LittleEndian(part, BinaryPrimitives.ReadUInt64LittleEndian(part) ^ wide);
        }

        for (; at < bytes.Length; at++) bytes[at] ^= (byte)(mask >> (8 * (at & 3)));
    }

    private enum Progress
    {
        NeedMore,
        Again,
        Done,
    }
}

using Millrace.RealtimeGateway.WebSockets;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>How a message stands on a transport.</summary>
internal abstract class Framing
{
    /// <summary>A WebSocket text frame to each message.</summary>
    public static Framing TextFrame { get; } = new WebSocketFraming(WebSocketOpcode.Text, Joining.None);

    /// <summary>WebSocket text frames in which messages may stand with line breaks between.</summary>
    public static Framing TextLines { get; } = new WebSocketFraming(WebSocketOpcode.Text, Joining.Lines);

    /// <summary>Binary WebSocket frames in which messages, which carry their lengths, may follow one another.</summary>
    public static Framing BinaryFrames { get; } = new WebSocketFraming(WebSocketOpcode.Binary, Joining.Delimited);

    /// <summary>Compressed WebSocket text frames, one to each message.</summary>
    public static Framing DeflatedText { get; } = new DeflatedFraming(WebSocketOpcode.Text);

    /// <summary>Compressed binary WebSocket frames, one to each message.</summary>
    public static Framing DeflatedBinary { get; } = new DeflatedFraming(WebSocketOpcode.Binary);

    /// <summary>As the message is, for those that carry their lengths or end by themselves.</summary>
    public static Framing Bare { get; } = new Around([], []);

    /// <summary>A line break after each message.</summary>
    public static Framing Lines { get; } = new Around([], "\n"u8.ToArray());

    /// <summary>Server-sent events.</summary>
    public static Framing Events { get; } = new Around("data: "u8.ToArray(), "\n\n"u8.ToArray());

    /// <summary>The message as it goes out.</summary>
    public abstract Frame Wrap(ReadOnlySpan<byte> message);

    private sealed class WebSocketFraming(WebSocketOpcode opcode, Joining joining) : Framing
    {
        public override Frame Wrap(ReadOnlySpan<byte> message) => Frame.Create(opcode, message, joining);
    }

    private sealed class DeflatedFraming(WebSocketOpcode opcode) : Framing
    {
        // Shorter ones, pings and replies, gain nothing.
        private const int Least = 128;

        public override Frame Wrap(ReadOnlySpan<byte> message) =>
            message.Length >= Least && MessageDeflate.Compress(message) is { } compressed
                ? Frame.Create(opcode, compressed, Joining.None, compressed: true)
                : Frame.Create(opcode, message, Joining.None);
    }

    private sealed class Around(byte[] before, byte[] after) : Framing
    {
        public override Frame Wrap(ReadOnlySpan<byte> message)
        {
            var bytes = GC.AllocateUninitializedArray<byte>(before.Length + message.Length + after.Length);
            before.CopyTo(bytes, 0);
            message.CopyTo(bytes.AsSpan(before.Length));
            after.CopyTo(bytes, before.Length + message.Length);
            return new Frame(bytes, 0, Joining.None);
        }
    }
}

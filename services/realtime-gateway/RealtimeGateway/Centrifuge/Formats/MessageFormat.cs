using Millrace.RealtimeGateway.Centrifuge.Commands;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>A format of the client protocol: how commands are read and messages written. A further one is a class and its entries in <c>Wire</c>.</summary>
internal abstract class MessageFormat
{
    /// <summary>JSON, with line breaks between messages.</summary>
    public static MessageFormat Json { get; } = new JsonFormat();

    /// <summary>Protobuf, each message after its length as a varint.</summary>
    public static MessageFormat Protobuf { get; } = new ProtobufFormat();

    /// <summary>Short name.</summary>
    public abstract string Name { get; }

    /// <summary>Begins a message.</summary>
    public abstract MessageWriter Begin(int capacity = 512);

    /// <summary>Reads the commands of a frame, in their order.</summary>
    /// <param name="frame">What the client sent at once.</param>
    /// <param name="into">Receives those before the first malformed one.</param>
    /// <returns><see langword="false"/> when one is malformed, or there is none.</returns>
    public abstract bool TryRead(ReadOnlySpan<byte> frame, List<Command> into);

    /// <summary>Reads the connect request of a client that has nothing else to say; <see langword="null"/> when it is malformed.</summary>
    public abstract Command? ReadConnect(ReadOnlySpan<byte> request);

    /// <summary>Reads a request that carries commands of a connection whose own way is one-way.</summary>
    public abstract EmulationRequest? ReadEmulation(ReadOnlySpan<byte> body);
}

/// <summary>Commands for a connection that can only be written to.</summary>
/// <param name="Node">The instance that has it.</param>
/// <param name="Session">Which one it is; nobody but its client knows.</param>
/// <param name="Data">The frame.</param>
internal sealed record EmulationRequest(string Node, string Session, byte[] Data);

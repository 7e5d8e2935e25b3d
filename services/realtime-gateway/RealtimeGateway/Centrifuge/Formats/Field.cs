using System.Text;

namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>A field of a message of the client protocol.</summary>
/// <param name="number">Number in Protobuf.</param>
/// <param name="name">Name in JSON.</param>
internal sealed class Field(int number, string name)
{
    /// <summary>Number in Protobuf.</summary>
    public int Number => number;

    /// <summary>Name in JSON, quoted and with its colon.</summary>
    public byte[] Name { get; } = Encoding.ASCII.GetBytes($"\"{name}\":");
}

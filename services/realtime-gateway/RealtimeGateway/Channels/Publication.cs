namespace Millrace.RealtimeGateway.Channels;

/// <summary>
/// Something that happened in a channel. Its data is JSON in UTF-8 without line breaks, encoded once and shared by history, state and messages.
/// </summary>
/// <param name="offset">
/// Position after it, 0 for one that is not kept: one more than the record's offset in its partition, so that 0 is "before everything" as the protocol's clients take it.
/// </param>
/// <param name="loggedAtMs">Log time of the record.</param>
/// <param name="type">Type of the event or window; empty for alerts.</param>
/// <param name="data">The document under <c>data</c>.</param>
/// <param name="sampleRate">1 when every such event is published, less when it stands for several.</param>
internal sealed class Publication(long offset, long loggedAtMs, string type, byte[] data, double sampleRate = 1)
{
    /// <summary>Memory beside the data: this object, array header and places in ring and list.</summary>
    public const int Overhead = 120;

    public long Offset => offset;

    public long LoggedAtMs => loggedAtMs;

    public string Type => type;

    public byte[] Data => data;

    public double SampleRate => sampleRate;

    /// <summary>Who published it, where that was a client.</summary>
    public ClientInfo? Info { get; init; }

    /// <summary>What it was tagged with.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Memory that it holds.</summary>
    public int Size => data.Length + Overhead + (Info?.Size ?? 0) + (Tags?.Sum(tag => 96 + (2 * (tag.Key.Length + tag.Value.Length))) ?? 0);
}

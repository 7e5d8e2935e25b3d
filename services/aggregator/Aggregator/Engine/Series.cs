namespace Millrace.Aggregator.Engine;

/// <summary>
/// One series of a stream: its type and the values of the groupBy dimensions, shared by all windows that hold it. Its key is
/// <see cref="SeriesKey"/>'s.
/// </summary>
internal sealed class Series : Keyed
{
    /// <summary>Position of the series in the windows of its stream; reused when the series is gone.</summary>
    public int Slot { get; set; }

    /// <summary>Frames that admitted it; without any the series is gone.</summary>
    public int Frames { get; set; }

    /// <summary>The fields of <see cref="Contracts.Protos.Window"/> that say whose window it is, encoded once.</summary>
    public byte[] Prefix { get; set; } = [];
}

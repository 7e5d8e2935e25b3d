using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Events;
using Millrace.Contracts.Sketches;

namespace Millrace.Aggregator;

/// <summary>Options of the aggregator, section <c>Millrace:Aggregator</c>.</summary>
public sealed class AggregatorOptions
{
    /// <summary>
    /// Sizes of the windows, whole seconds: each a multiple of the smallest, which is the pane, and a divisor of the largest. At most an hour. Default
    /// (when empty): 1 s. Larger sizes are merged from the panes.
    /// </summary>
    public IList<TimeSpan> WindowSizes { get; } = [];

    /// <summary>How far an event may lie behind the newest of its stream before its window closes. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan OutOfOrderness { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Silence after which a stream's event time follows log time. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long after its end, in event time, a window takes corrections. What comes later is late. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan AllowedLateness { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a changed window that is still open is emitted. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan LiveInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often progress is saved. A restart reads again what was processed since, and what open windows are made of. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan CheckpointInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Lag beyond which live windows are emitted four times as seldom; beyond five times this lag they are not emitted at all. Final windows always
    /// are. Default 2 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan OverloadLag { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Log time within which a repeated id is a duplicate. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan DedupHorizon { get; set; } = DuplicateFilter.DefaultHorizon;

    /// <summary>Records of a partition within which a repeated id is a duplicate. Default 2 million.</summary>
    [Range(1, 100_000_000)]
    public int DedupCapacity { get; set; } = DuplicateFilter.DefaultCapacity;

    /// <summary>Relative error of percentiles. Default 0.01.</summary>
    [Range(DDSketch.MinRelativeError, 0.2)]
    public double RelativeError { get; set; } = DDSketch.DefaultRelativeError;

    /// <summary>Binary logarithm of the registers that count distinct sources; the standard error is 1.04 / √2^n. Default 11: 2.3 %.</summary>
    [Range(HyperLogLog.MinPrecision, HyperLogLog.MaxPrecision)]
    public int SourcePrecision { get; set; } = HyperLogLog.DefaultPrecision;

    /// <summary>Named values of a series in a window; further ones are left out and counted. Default 64.</summary>
    [Range(1, 10_000)]
    public int ValueLimit { get; set; } = 64;

    /// <summary>Geo cells of a series in a window; events in further ones count together as <c>__other__</c>. Default 256.</summary>
    [Range(1, 100_000)]
    public int GeoCellLimit { get; set; } = 256;

    /// <summary>Characters of a geohash cell for streams that say nothing else. Default 4: about 39 km by 20 km.</summary>
    [Range(1, 12)]
    public int GeoPrecision { get; set; } = 4;

    /// <summary>
    /// Series of a stream in a window (of the largest size) for streams that say nothing else; events of further ones count together as
    /// <c>__other__</c>. Default 10,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int SeriesLimit { get; set; } = 10_000;

    /// <summary>What single streams declare, by stream name, for every tenant.</summary>
    public Dictionary<string, StreamOptions> Streams { get; } = new(StringComparer.Ordinal);
}

/// <summary>What a stream declares.</summary>
public sealed class StreamOptions
{
    /// <summary>Dimensions that, with the type, make a series, in this order; at most eight. Default: none.</summary>
    public IList<string> GroupBy { get; } = [];

    /// <summary>Characters of a geohash cell, 1 to 12; unset: the common setting.</summary>
    public int? GeoPrecision { get; set; }

    /// <summary>Series in a window, 1 to 1,000,000; unset: the common setting.</summary>
    public int? SeriesLimit { get; set; }
}

/// <summary>Checks the annotations of <see cref="AggregatorOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class AggregatorOptionsValidator : IValidateOptions<AggregatorOptions>;

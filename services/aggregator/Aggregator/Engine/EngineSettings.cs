namespace Millrace.Aggregator.Engine;

/// <summary>What the engine's results depend on besides the log. All times in milliseconds.</summary>
internal sealed record EngineSettings
{
    /// <summary>Window sizes, ascending; each a multiple of the first (the pane) and a divisor of the last (the frame).</summary>
    public long[] SizesMs { get; init; } = [1000];

    public long OutOfOrdernessMs { get; init; } = 500;

    public long IdleTimeoutMs { get; init; } = 2_000;

    public long AllowedLatenessMs { get; init; } = 10_000;

    /// <summary>Corrections of a window are gathered over this much log time.</summary>
    public long CorrectionIntervalMs { get; init; } = 100;

    /// <summary>Named values of a series in a window; those beyond are left out and counted.</summary>
    public int ValueLimit { get; init; } = 64;

    /// <summary>Geo cells of a series in a window; those beyond count as one more, <c>__other__</c>.</summary>
    public int GeoCellLimit { get; init; } = 256;

    public double RelativeError { get; init; } = Contracts.Sketches.DDSketch.DefaultRelativeError;

    public int SourcePrecision { get; init; } = Contracts.Sketches.HyperLogLog.DefaultPrecision;

    public int DuplicateCapacity { get; init; } = Contracts.Events.DuplicateFilter.DefaultCapacity;

    public TimeSpan DuplicateHorizon { get; init; } = Contracts.Events.DuplicateFilter.DefaultHorizon;

    /// <summary>Settings of every stream without its own.</summary>
    public StreamSettings DefaultStream { get; init; } = new();

    public IReadOnlyDictionary<string, StreamSettings> Streams { get; init; } = new Dictionary<string, StreamSettings>();

    public long PaneMs => SizesMs[0];

    /// <summary>When an event is late.</summary>
    public Contracts.Events.LatenessRules Lateness => new(PaneMs, OutOfOrdernessMs, IdleTimeoutMs, AllowedLatenessMs);

    /// <summary>What the archiver must know to come to the same verdicts.</summary>
    public Millrace.Hosting.Rules.EventRules Rules => new(Lateness, (long)DuplicateHorizon.TotalMilliseconds, DuplicateCapacity);

    public long FrameMs => SizesMs[^1];

    public StreamSettings ForStream(string stream) => Streams.TryGetValue(stream, out var settings) ? settings : DefaultStream;
}

/// <summary>What a stream's series are made of.</summary>
internal sealed record StreamSettings
{
    /// <summary>UTF-8 names of the dimensions that make a series, besides the type.</summary>
    public byte[][] GroupBy { get; init; } = [];

    /// <summary>Characters of a geohash: 4 is a cell of about 39 km by 20 km.</summary>
    public int GeoPrecision { get; init; } = 4;

    /// <summary>Series of a frame; events of any further one count in <c>__other__</c>.</summary>
    public int SeriesLimit { get; init; } = 10_000;
}

namespace Millrace.Aggregator;

/// <summary>What the aggregator leaves out when it falls behind. Final windows are never left out.</summary>
internal enum OverloadStep
{
    /// <summary>Live windows every interval.</summary>
    Normal = 0,

    /// <summary>Live windows every fourth interval.</summary>
    SlowerLive = 1,

    /// <summary>No live windows.</summary>
    FinalsOnly = 2,
}

/// <summary>Chooses the step from the lag: up at once, down one step when the lag has been below half the step's threshold for a while.</summary>
/// <param name="threshold">Lag at which <see cref="OverloadStep.SlowerLive"/> begins.</param>
internal sealed class OverloadControl(TimeSpan threshold)
{
    private const int SlowerBy = 4;
    private const int FinalsOnlyFactor = 5;

    private static readonly TimeSpan _calm = TimeSpan.FromSeconds(5);

    private TimeSpan? _calmSince;

    public OverloadStep Step { get; private set; }

    /// <summary>Interval of live windows in this step, or <see langword="null"/> for none.</summary>
    public TimeSpan? LiveInterval(TimeSpan normal) => Step switch
    {
        OverloadStep.Normal => normal,
        OverloadStep.SlowerLive => normal * SlowerBy,
        _ => null,
    };

    /// <summary>Looks at the lag.</summary>
    /// <param name="lag">Age of the oldest record not yet read.</param>
    /// <param name="now">A time that never runs backwards.</param>
    /// <returns>Whether the step changed.</returns>
    public bool Observe(TimeSpan lag, TimeSpan now)
    {
        var wanted = lag > threshold * FinalsOnlyFactor ? OverloadStep.FinalsOnly : lag > threshold ? OverloadStep.SlowerLive : OverloadStep.Normal;
        if (wanted > Step)
        {
            Step = wanted;
            _calmSince = null;
            return true;
        }

        var entered = Step == OverloadStep.FinalsOnly ? threshold * FinalsOnlyFactor : threshold;
        if (Step == OverloadStep.Normal || lag > entered / 2)
        {
            _calmSince = null;
            return false;
        }

        _calmSince ??= now;
        if (now - _calmSince < _calm) return false;
        Step--;
        _calmSince = null;
        return true;
    }
}

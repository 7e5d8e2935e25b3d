namespace Millrace.RealtimeGateway.Sources;

/// <summary>
/// Chooses the least step of sampling from the lag of the reader: up at once, one for the threshold and one for each five times more, down one step when the
/// lag has been below half of what it was entered for, for a while.
/// </summary>
/// <param name="threshold">Lag at which the first step begins.</param>
internal sealed class LagSteps(TimeSpan threshold)
{
    private const int Factor = 5;
    private const int Last = 3;
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);
    private TimeSpan? _calmSince;

    /// <summary>The step, 0 to 3.</summary>
    public int Step { get; private set; }

    /// <summary>Looks at the lag.</summary>
    /// <param name="lag">Age of the oldest event not yet read.</param>
    /// <param name="now">A time that never runs backwards.</param>
    public void Observe(TimeSpan lag, TimeSpan now)
    {
        var wanted = 0;
        while (wanted < Last && lag > ThresholdOf(wanted + 1)) wanted++;
        if (wanted > Step)
        {
            Step = wanted;
            _calmSince = null;
            return;
        }

        if (Step == 0 || lag > ThresholdOf(Step) / 2)
        {
            _calmSince = null;
            return;
        }

        _calmSince ??= now;
        if (now - _calmSince < Calm) return;
        Step--;
        _calmSince = null;
    }

    private TimeSpan ThresholdOf(int step) => threshold * Math.Pow(Factor, step - 1);
}

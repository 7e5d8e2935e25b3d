using Millrace.Contracts.Protos;

namespace Millrace.Alerting.Evaluation;

/// <summary>
/// The states of one alert: inactive → pending → firing → recovering → resolved. Pure: driven by verdicts in event time alone.
/// A resolved machine is inactive again; its next episode is another alert.
/// </summary>
internal struct AlertMachine
{
    /// <summary>The state; <see cref="AlertState.Inactive"/>, pending, firing or recovering.</summary>
    public AlertState State { get; private set; }

    /// <summary>Event time from which <c>for</c> (pending) or <c>keep_firing_for</c> (recovering) counts.</summary>
    public long SinceMs { get; private set; }

    /// <summary>Event time at which the episode began.</summary>
    public long StartedMs { get; private set; }

    /// <summary>A machine at rest.</summary>
    public static AlertMachine New() => new() { State = AlertState.Inactive };

    /// <summary>A machine as it was saved.</summary>
    public static AlertMachine Restore(AlertState state, long sinceMs, long startedMs) =>
        new() { State = state, SinceMs = sinceMs, StartedMs = startedMs };

    /// <summary>Whether the alert fires or recovers.</summary>
    public readonly bool Alerting => State is AlertState.Firing or AlertState.Recovering;

    /// <summary>Whether more verdicts of this outcome change nothing.</summary>
    public readonly bool IsSettledUnder(Outcome outcome) => State switch
    {
        AlertState.Inactive => outcome is Outcome.Clear or Outcome.Between or Outcome.Unknown,
        AlertState.Firing => outcome is Outcome.Breached or Outcome.Between or Outcome.Unknown,
        _ => outcome == Outcome.Unknown,
    };

    /// <summary>Takes the verdict on a window.</summary>
    /// <param name="outcome">The verdict; <see cref="Outcome.Unknown"/> is not for here but for <see cref="Skip"/>.</param>
    /// <param name="startMs">Start of the window.</param>
    /// <param name="endMs">Its end.</param>
    /// <param name="forMs">The rule's <c>for</c>: pending lasts until consecutive windows span it.</param>
    /// <param name="keepMs">The rule's <c>keep_firing_for</c>.</param>
    /// <returns>The new state when it changed, <see cref="AlertState.Resolved"/> at the end of an episode.</returns>
    public AlertState? Step(Outcome outcome, long startMs, long endMs, long forMs, long keepMs)
    {
        var breached = outcome == Outcome.Breached;
        switch (State)
        {
            case AlertState.Inactive when breached:
                StartedMs = SinceMs = startMs;
                return To(endMs - SinceMs >= forMs ? AlertState.Firing : AlertState.Pending);
            case AlertState.Pending when breached:
                return endMs - SinceMs >= forMs ? To(AlertState.Firing) : null;
            case AlertState.Pending:
                return To(AlertState.Inactive);
            case AlertState.Firing when outcome == Outcome.Clear:
                SinceMs = startMs;
                return endMs - SinceMs >= keepMs ? End() : To(AlertState.Recovering);
            case AlertState.Recovering when breached:
                return To(AlertState.Firing);
            case AlertState.Recovering:
                return endMs - SinceMs >= keepMs ? End() : null;
            default:
                return null;
        }
    }

    /// <summary>Time that counts for nothing passes: the clocks of the state stand still.</summary>
    public void Skip(long milliseconds)
    {
        if (State is AlertState.Pending or AlertState.Recovering) SinceMs += milliseconds;
    }

    private AlertState To(AlertState next)
    {
        if (next == AlertState.Firing) SinceMs = 0;
        return State = next;
    }

    private AlertState End()
    {
        State = AlertState.Inactive;
        return AlertState.Resolved;
    }
}

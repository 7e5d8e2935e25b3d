using System.Diagnostics;
using Millrace.Verify.Load;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>What a fault works with.</summary>
internal sealed class FaultContext(ITarget target, Journal journal, RunClock clock, Random random, Action<string> say)
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(120);

    /// <summary>The installation.</summary>
    public ITarget Target => target;

    /// <summary>The clock that a fault tells when it sets the target's.</summary>
    public RunClock Clock => clock;

    /// <summary>Seeded: the schedule is the same in every run of a seed.</summary>
    public Random Random => random;

    /// <summary>Tells the person who watches.</summary>
    public void Say(string text) => say(text);

    /// <summary>What there is to say of the fault that was injected last; null for nothing.</summary>
    public string? Note { get; private set; }

    /// <summary>Begins with the next fault: nothing is known of it.</summary>
    public void Begin() => Note = null;

    /// <summary>Tells that the fault could not do what it is for.</summary>
    public void NotReached(string text)
    {
        Note = text;
        say(text);
    }

    /// <summary>Lets the fault last.</summary>
    public static Task LastAsync(TimeSpan span, CancellationToken cancellationToken) => Task.Delay(span, cancellationToken);

    /// <summary>A seeded span.</summary>
    public TimeSpan Between(double seconds, double most) => TimeSpan.FromSeconds(seconds + (random.NextDouble() * (most - seconds)));

    /// <summary>Waits until so many more events were acknowledged.</summary>
    /// <exception cref="TimeoutException">Not within two minutes: the target does not come back.</exception>
    public async Task ProgressAsync(int events, CancellationToken cancellationToken)
    {
        var enough = journal.Acknowledged + events;
        await UntilAsync(() => journal.Acknowledged >= enough, _patience, $"{events} more acknowledged events", cancellationToken);
    }

    /// <summary>Waits for a condition.</summary>
    /// <exception cref="TimeoutException">It does not come true in time.</exception>
    public static async Task UntilAsync(Func<bool> condition, TimeSpan limit, string what, CancellationToken cancellationToken)
    {
        if (!await TryUntilAsync(condition, limit, cancellationToken)) throw new TimeoutException($"not within {limit.TotalSeconds:0} s: {what}");
    }

    /// <summary>Waits for a condition; false when it does not come true in time.</summary>
    public static async Task<bool> TryUntilAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit) return false;
            await Task.Delay(_look, cancellationToken);
        }

        return true;
    }
}

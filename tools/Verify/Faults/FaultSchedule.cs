using System.Diagnostics;
using Millrace.Verify.Report;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>Injects faults one after the other while load goes on. Which, in which order and how far apart follows from the seed.</summary>
internal sealed class FaultSchedule(VerifySettings settings, int seed, FaultContext context, RunReport report)
{
    private IReadOnlyList<IFault> _order = [];
    private long _started;

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>Prepares the faults, before anything is sent.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var prepared = new List<IFault>();
        foreach (var fault in FaultCatalog.Order(settings.Faults, context.Target, seed))
        {
            if (await fault.PrepareAsync(context.Target, cancellationToken) is { } reason)
            {
                context.Say($"{fault.Name} is left out: {reason}");
                report.Faults.Add(new FaultRecord(fault.Name, 0, 0, FaultOutcome.LeftOut, reason));
            }
            else
            {
                prepared.Add(fault);
            }
        }

        _order = prepared;
    }

    /// <summary>Runs until the time is over and every fault had its turn.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _started = Stopwatch.GetTimestamp();
        var end = TimeSpan.FromSeconds(settings.Seconds);
        // Load must flow before anything is broken.
        await context.ProgressAsync(Math.Min(settings.Rate, 500), cancellationToken);
        if (settings.Kills > 0) await KillAsync((IOwnTarget)context.Target, cancellationToken);
        var order = _order;
        var pauses = new Random(seed ^ 0x5bd1e995);
        for (var i = 0; order.Count > 0; i++)
        {
            // After the last, those that can be repeated begin anew while there is time.
            if (i == order.Count) order = [.. order.Where(fault => !fault.IsLast && !report.Faults.Exists(done => done.Name == fault.Name && done.Outcome != FaultOutcome.Injected))];
            if (i >= order.Count && (Elapsed > end - TimeSpan.FromSeconds(15) || context.Clock.HasJumped || order.Count == 0)) break;
            await Task.Delay(TimeSpan.FromSeconds(0.5 + (2 * pauses.NextDouble())), cancellationToken);
            await InjectAsync(order[i % order.Count], cancellationToken);
        }

        if (end > Elapsed) await Task.Delay(end - Elapsed, cancellationToken);
    }

    private async Task InjectAsync(IFault fault, CancellationToken cancellationToken)
    {
        var at = Elapsed;
        context.Say(FormattableString.Invariant($"{at.TotalSeconds,6:0.0} s  {fault.Name}"));
        context.Begin();
        await fault.InjectAsync(context, cancellationToken);
        await context.ProgressAsync(50, cancellationToken);
        report.Faults.Add(new FaultRecord(fault.Name, at.TotalSeconds, (Elapsed - at).TotalSeconds, context.Note is null ? FaultOutcome.Injected : FaultOutcome.NotReached, context.Note));
    }

    private async Task KillAsync(IOwnTarget target, CancellationToken cancellationToken)
    {
        for (var i = 1; i <= settings.Kills; i++)
        {
            var part = target.Parts[context.Random.Next(target.Parts.Count)];
            // Sometimes in the first moments after the start, sometimes under full load.
            await Task.Delay(context.Between(0, 1.5), cancellationToken);
            var at = Elapsed;
            await target.KillAsync(part, cancellationToken);
            await target.ReviveAsync(part, cancellationToken);
            await context.ProgressAsync(50, cancellationToken);
            report.Faults.Add(new FaultRecord("kill " + part, at.TotalSeconds, (Elapsed - at).TotalSeconds, FaultOutcome.Injected, null));
            if (i % 10 == 0) context.Say(FormattableString.Invariant($"{Elapsed.TotalSeconds,6:0} s  {i} kills"));
        }
    }
}

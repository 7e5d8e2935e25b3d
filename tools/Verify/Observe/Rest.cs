using System.Diagnostics;
using Millrace.Installations;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Observe;

/// <summary>Waits until an installation has nothing left to do, and says meanwhile what it waits for.</summary>
/// <param name="target">The installation.</param>
/// <param name="limit">How long it may take, for all tenants together.</param>
/// <param name="say">Tells the person who watches.</param>
internal sealed class Rest(ITarget target, TimeSpan limit, Action<string> say)
{
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _word = TimeSpan.FromSeconds(15);

    /// <summary>The ledgers as they are.</summary>
    /// <exception cref="TimeoutException">One can't be read.</exception>
    public Task<Dictionary<string, Ledger>> LedgersAsync(CancellationToken cancellationToken) => AskAsync(_ => true, cancellationToken);

    /// <summary>The ledgers once nothing is pending in any; as they are by then where that does not come in time, which is told.</summary>
    /// <exception cref="TimeoutException">One can't be read.</exception>
    public Task<Dictionary<string, Ledger>> SettleAsync(CancellationToken cancellationToken) =>
        AskAsync(ledger => ledger is { Pending: 0, Balances: true }, cancellationToken);

    /// <summary>What a ledger waits for, and of whom.</summary>
    public static string Pending(Ledger ledger)
    {
        var parts = new List<string>();
        var counted = ledger.Aggregated + ledger.Late + ledger.Duplicate + ledger.Rejected;
        var archivable = ledger.Received - ledger.Duplicate - ledger.Rejected;
        if (counted != ledger.Received) parts.Add($"the aggregator has counted {counted} of {ledger.Received}");
        if (ledger.Archived != archivable) parts.Add($"the archiver has {ledger.Archived} of {archivable} in both stores");
        if (ledger.DeadLettered != ledger.Rejected) parts.Add($"{ledger.DeadLettered} of {ledger.Rejected} refused events are dead letters");
        return parts.Count == 0 ? $"{ledger.Pending} pending" : string.Join(", ", parts);
    }

    private async Task<Dictionary<string, Ledger>> AskAsync(Func<Ledger, bool> enough, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var word = _word;
        var ledgers = new Dictionary<string, Ledger>(StringComparer.Ordinal);
        foreach (var tenant in target.Tenants)
        {
            using var inspector = new Inspector(target, tenant);
            while (true)
            {
                using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                asking.CancelAfter(_word);
                var ledger = await inspector.TryLedgerAsync(asking.Token);
                cancellationToken.ThrowIfCancellationRequested();
                if (ledger is not null) ledgers[tenant] = ledger;
                if (ledger is not null && enough(ledger)) break;
                var elapsed = Stopwatch.GetElapsedTime(started);
                var waitsFor = ledger is null ? $"{tenant}: the ledger can't be read" : $"{tenant}: {Pending(ledger)}";
                if (elapsed > limit)
                {
                    if (!ledgers.ContainsKey(tenant)) throw new TimeoutException($"not at rest within {limit.TotalSeconds:0} s: {waitsFor}; {await inspector.HealthAsync(cancellationToken)}");
                    // What it says then is compared, and found wanting.
                    say($"given up after {limit.TotalSeconds:0} s: {waitsFor}; {await inspector.HealthAsync(cancellationToken)}");
                    break;
                }

                if (elapsed > word)
                {
                    say($"after {elapsed.TotalSeconds:0} s {waitsFor}; {await inspector.HealthAsync(cancellationToken)}");
                    word = elapsed + _word;
                }

                await Task.Delay(_look, cancellationToken);
            }
        }

        return ledgers;
    }
}

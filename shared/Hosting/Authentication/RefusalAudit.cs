using System.Collections.Concurrent;
using Dapper;
using Microsoft.Extensions.Logging;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Schema;
using Millrace.Hosting.Workers;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Authentication;

/// <summary>
/// Counts equal refusals together and writes them every <see cref="Interval"/> while there are any: at most <see cref="MaxKinds"/> lines and one
/// for the rest. Of the lines in the database only the newest <see cref="Kept"/> stay, so no flood can fill it.
/// </summary>
internal sealed class RefusalAudit(IMetadataDatabase database, AuditLog audit, TimeProvider time, ILogger<RefusalAudit> logger)
    : Worker(time, logger), IRefusalAudit
{
    public const int MaxKinds = 50;
    public const int Kept = 50_000;
    public const string Action = "auth.refused";
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(5);

    // Paths come from strangers.
    private const int PathLength = 200;
    private const int PruneEvery = 1000;
    private readonly SemaphoreSlim _some = new(0, 1);
    private ConcurrentDictionary<Refusal, int> _pending = new();
    private int _others;
    private int _sincePruned = PruneEvery;

    public override string Name => "refusal-audit";

    public void Record(RequestOrigin origin, string? tenant, string? actor, string reason)
    {
        HostingMetrics.Refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));
        var refusal = new Refusal(
            tenant ?? "-",
            actor ?? "anonymous",
            reason,
            origin.Address?.ToString() ?? "-",
            $"{origin.Method} {StoredText.Of(origin.Path, PathLength)}");
        var pending = _pending;
        if (pending.ContainsKey(refusal) || pending.Count < MaxKinds)
            pending.AddOrUpdate(refusal, 1, static (_, count) => count + 1);
        else
            Interlocked.Increment(ref _others);
        Wake();
    }

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await _some.WaitAsync(cancellationToken);
                await Task.Delay(Interval, Time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                using var bounded = new CancellationTokenSource(LastWrite);
                await WriteAsync(bounded.Token);
                return;
            }

            await WriteAsync(cancellationToken);
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var pending = Interlocked.Exchange(ref _pending, new ConcurrentDictionary<Refusal, int>());
        var others = Interlocked.Exchange(ref _others, 0);
        if (pending.IsEmpty && others == 0)
            return;

        var prune = (_sincePruned += pending.Count + 1) >= PruneEvery;
        await database.InTransactionAsync(
            async (connection, transaction, token) =>
            {
                foreach (var (refusal, count) in pending)
                    await audit.WriteAsync(
                        connection, transaction, refusal.Tenant, refusal.Actor, Action, refusal.Subject, $"{refusal.Reason}, {count} times from {refusal.Address}", token);
                if (others > 0)
                    await audit.WriteAsync(connection, transaction, "-", "anonymous", Action, "*", $"{others} more refusals of other kinds", token);
                if (prune)
                    await connection.ExecuteAsync(new CommandDefinition(
                        """
                        DELETE FROM audit_log WHERE action = @Action AND id < (
                            SELECT id FROM audit_log WHERE action = @Action ORDER BY id DESC LIMIT 1 OFFSET @Kept)
                        """,
                        new { Action, Kept },
                        transaction,
                        cancellationToken: token));
                return 0;
            },
            cancellationToken);
        if (prune)
            _sincePruned = 0;
    }

    private void Wake()
    {
        if (_some.CurrentCount > 0)
            return;
        try
        {
            _some.Release();
        }
        catch (SemaphoreFullException)
        {
            // Another thread has just woken it, which is all that was wanted.
            return;
        }
    }

    public override void Dispose()
    {
        _some.Dispose();
        base.Dispose();
    }

    private sealed record Refusal(string Tenant, string Actor, string Reason, string Address, string Subject);
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Health;
using Millrace.Hosting.Schema;
using Millrace.Hosting.Workers;

namespace Millrace.Alerting.Storage;

/// <summary>
/// Says in the database that this process lives. What a process that says so no more had under way, others take up: within ten seconds, whatever it was.
/// </summary>
internal sealed class InstanceHeartbeat(
    AlertingDatabase database, IOptions<AlertingOptions> options, TimeProvider time, ReadinessGate readiness, ILogger<InstanceHeartbeat> logger)
    : Worker(time, logger, readiness)
{
    /// <summary>How long a process counts as living after it last said so.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(2);

    // Nothing refers to an instance that has been dead for so long.
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(1);

    /// <summary>This run of the process: a later one, or another process on the same machine, is another instance.</summary>
    public string Instance { get; } = $"{options.Value.Delivery.InstanceName}/{Guid.NewGuid():n}";

    /// <inheritdoc/>
    public override string Name => "alerting.heartbeat";

    /// <summary>Says so now, in the transaction that takes something up: nobody sees that it has an owner and not that the owner lives.</summary>
    public async Task<int> BeatAsync(SqlScope sql)
    {
        await sql.ExecuteAsync(
            """
            INSERT INTO alerting_instances (name, alive_until) VALUES (@Instance, @until)
            ON CONFLICT (name) DO UPDATE SET alive_until = excluded.alive_until
            """,
            new { Instance, until = sql.NowMs + (long)Life.TotalMilliseconds });
        return await sql.ExecuteAsync(
            "DELETE FROM alerting_instances WHERE alive_until < @old", new { old = sql.NowMs - (long)Forgotten.TotalMilliseconds });
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(LastWord);
        try
        {
            // Who goes in order is missed at once.
            await database.WriteAsync(
                sql => sql.ExecuteAsync("DELETE FROM alerting_instances WHERE name = @Instance", new { Instance }), bounded.Token);
        }
        catch (Exception e)
        {
            Log.FarewellFailed(logger, e);
        }
    }

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await database.WriteAsync(BeatAsync, cancellationToken);
            await Task.Delay(Interval, Time, cancellationToken);
        }
    }
}

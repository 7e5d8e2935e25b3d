using System.Data.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Workers;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Incidents;

/// <summary>Carries what <see cref="IncidentLog"/> holds to the database, says every 20 s that what is open goes on, and cleans up.</summary>
internal sealed class IncidentWriter(
    IncidentLog incidents, IncidentStore store, IMetadataDatabase database, IOptions<IncidentOptions> options, TimeProvider time, ILogger<IncidentWriter> logger)
    : Worker(time, logger)
{
    // Gathers what comes together, such as the steps of several partitions.
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(2);
    private long? _beatAt;
    private long? _sweptAt;
    private bool _failing;

    public override string Name => "incidents";

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        incidents.CloseAll();
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(LastWord);
        try
        {
            await WriteAsync(all: false, bounded.Token);
        }
        catch (Exception e)
        {
            Log.IncidentsUnwritten(logger, e);
        }
    }

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitAsync(cancellationToken);
            try
            {
                await WriteAsync(all: IsDue(_beatAt, Beat), cancellationToken);
                if (IsDue(_beatAt, Beat)) _beatAt = Time.GetTimestamp();
                if (IsDue(_sweptAt, SweepInterval))
                {
                    if (await store.SweepAsync(options.Value, cancellationToken) > 0) await database.NotifyAsync(IncidentStore.Channel, "", cancellationToken);
                    _sweptAt = Time.GetTimestamp();
                }

                _failing = false;
            }
            catch (Exception e) when (e is MetadataDatabaseException or DbException)
            {
                // Once for each outage: the database's own adapter and health check say the rest.
                if (!_failing) Log.IncidentsUnwritten(logger, e);
                _failing = true;
                await Task.Delay(Pause, Time, cancellationToken);
            }
        }
    }

    /// <summary>Waits for something to write, or until it is time to say that what is open goes on.</summary>
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await incidents.Changed.WaitAsync(Beat, Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return;
        }

        await Task.Delay(Gathering, Time, cancellationToken);
    }

    private bool IsDue(long? since, TimeSpan interval) => since is not { } at || Time.GetElapsedTime(at) >= interval;

    private async Task WriteAsync(bool all, CancellationToken cancellationToken)
    {
        var taken = incidents.Take(all);
        if (taken.Count == 0) return;
        try
        {
            await store.SaveAsync(taken, cancellationToken);
        }
        catch
        {
            incidents.GiveBack(taken);
            throw;
        }

        await database.NotifyAsync(IncidentStore.Channel, "", cancellationToken);
    }
}

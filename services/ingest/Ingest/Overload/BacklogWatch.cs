using System.Data.Common;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Hosting.Ledger;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;

namespace Millrace.Ingest.Overload;

/// <summary>Looks once a second how far the aggregator has come, and sets the gate's pace.</summary>
internal sealed class BacklogWatch(
    IEventLog log, LedgerStore ledger, Admission admission, IOptions<IngestOptions> options, TimeProvider time, ILogger<BacklogWatch> logger)
    : Worker(time, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    public override string Name => "ingest-backlog";

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Overload.MaxBacklog is not { } most)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
            return;
        }

        var pace = new BacklogPace(most);
        while (true)
        {
            var found = await LookAsync(pace, cancellationToken);
            admission.Gate.SetPace(found);
            admission.Backlog = pace.Seconds;
            var until = Time.GetTimestamp();
            if (found is null) await Task.Delay(Interval, Time, cancellationToken);
            else
            {
                for (; Time.GetElapsedTime(until) < Interval; admission.Gate.Tick()) await Task.Delay(Step, Time, cancellationToken);
            }
        }
    }

    private async Task<double?> LookAsync(BacklogPace pace, CancellationToken cancellationToken)
    {
        try
        {
            var partitions = (await log.DescribeAsync(Topics.Events, cancellationToken)).Partitions;
            var upto = await ledger.UptoAsync(LedgerStages.Aggregator, Topics.Events, cancellationToken);
            // A partition that nothing was ever counted of: the aggregator has not run yet.
            var behind = partitions.Sum(one => Math.Max(0, one.EndOffset - Math.Max(upto.GetValueOrDefault(one.Partition), one.EarliestOffset)));
            var end = partitions.Sum(one => one.EndOffset);
            return pace.Observe(end, end - behind, admission.Gate.Served, Time.GetElapsedTime(0).TotalSeconds);
        }
        catch (Exception e) when (e is MetadataDatabaseException or DbException or EventLogException { Retryable: true })
        {
            // What can't be asked about is no reason to take less in.
            Log.BacklogUnknown(logger, e.Message);
            return null;
        }
    }
}

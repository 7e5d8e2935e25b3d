using Microsoft.Extensions.Logging;
using Millrace.Contracts;
using Millrace.Hosting.Faults;
using Millrace.Ingest.Events;
using Millrace.Ingest.Quotas;
using Millrace.Ingest.Requests;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Inbound;

/// <summary>Judges a batch of records and puts what came out on the event log, however long that takes.</summary>
internal sealed class InboundTaker(
    IEventLog log, RecordJudge judge, TenantQuotas quotas, InboundStatus status, IngestMetrics metrics, TimeProvider time, ILogger<InboundTaker> logger)
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(5);
    private readonly LogLimit _appendLog = new(time);

    /// <summary>Returns when everything is durable.</summary>
    /// <param name="partition">Where the records come from.</param>
    /// <param name="batch">The records.</param>
    /// <param name="cancellationToken">Stops between appends.</param>
    public async Task TakeAsync(InboundPartition partition, LogBatch batch, CancellationToken cancellationToken)
    {
        var events = new EventBatch();
        var letters = new List<(string Origin, LogRecord Record)>();
        try
        {
            var opened = false;
            for (var i = 0; i < batch.Count; i++)
            {
                var entry = batch.Entries[i];
                var headers = RecordHeaders.OrNone(entry.Headers);
                var owner = await judge.FindOwnerAsync(partition.Topic, headers, cancellationToken);
                var frame = judge.FrameOf(partition.Topic, partition.Ids, partition.Number, entry, owner.Tenant);
                if (opened) events.Continue(frame);
                else events.Open(frame, Math.Min(entry.Value.Length * batch.Count, 1 << 20));
                opened = true;
                var (records, rejections) = (events.Records.Length, events.Rejections.Count);
                if (owner.Refusal is { } refusal) events.Reject(refusal, id: null, 0, entry.Value.Length);
                else RecordJudge.Read(headers, entry.Value.Span, events);
                if (events.Rejections.Count > rejections) AddLetters(letters, partition, entry, frame, events.Rejections.Skip(rejections));
                await ChargeAsync(owner.Tenant, events.Records.Length + events.Rejections.Count - records - rejections, entry.Value.Length, cancellationToken);
            }

            await PublishAsync(partition, batch.Entries[0].AppendedAtMs, events.Records, letters, cancellationToken);
            foreach (var rejection in events.Rejections) metrics.Rejected(rejection.Fault.Code.Code);
            metrics.Accepted(events.Records.Length);
            status.Taken(partition.Topic.Name, batch.Count, events.Records.Length, events.Rejections.Count);
        }
        finally
        {
            events.Close();
        }
    }

    private static void AddLetters(
        List<(string Origin, LogRecord Record)> letters, InboundPartition partition, in LogEntry entry, RequestFrame frame, IEnumerable<Rejection> rejections)
    {
        var contentType = RecordHeaders.Find(RecordHeaders.OrNone(entry.Headers), "content-type");
        foreach (var rejection in rejections)
        {
            var origin = PublishedLetters.OriginOf(partition.Topic.Name, partition.Number, entry.Offset, rejection.Index);
            var headers = new Dictionary<string, string>(frame.Headers ?? RecordHeaders.OrNone(null), StringComparer.Ordinal) { [Headers.Inbound] = origin };
            letters.Add((origin, DeadLetters.Of(frame, entry.Value, contentType, rejection, headers)));
        }
    }

    /// <summary>A quota that is used up holds the topic back; nothing of it is refused.</summary>
    private async Task ChargeAsync(string tenant, int events, int bytes, CancellationToken cancellationToken)
    {
        if (quotas.Of(tenant) is not { } quota) return;
        while (!quota.TryCharge(events, bytes, out var retryAfter)) await Task.Delay(retryAfter, time, cancellationToken);
    }

    private async Task PublishAsync(
        InboundPartition partition, long sinceMs, ReadOnlyMemory<LogRecord> events, List<(string Origin, LogRecord Record)> letters, CancellationToken cancellationToken)
    {
        var lettersDone = false;
        for (var pause = _firstPause; ; pause = pause * 2 < _longestPause ? pause * 2 : _longestPause)
        {
            try
            {
                if (!lettersDone) await PublishLettersAsync(partition, sinceMs, letters, cancellationToken);
                lettersDone = true;
                if (events.Length > 0) await log.AppendAsync(Topics.Events, events, default, CancellationToken.None);
                FaultPoint.Reach(FaultPointNames.IngestEventsAppended);
                return;
            }
            catch (EventLogException e)
            {
                status.Failed(partition.Topic.Name, e);
                if (_appendLog.Allows(out var suppressed)) Log.InboundWaits(logger, partition.Topic.Name, partition.Number, suppressed, e);
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    private async Task PublishLettersAsync(
        InboundPartition partition, long sinceMs, List<(string Origin, LogRecord Record)> letters, CancellationToken cancellationToken)
    {
        partition.Published ??= await PublishedLetters.FindAsync(log, partition.Topic.Name, partition.Number, sinceMs, cancellationToken);
        var unpublished = letters.Where(letter => !partition.Published.Remove(letter.Origin)).Select(letter => letter.Record).ToArray();
        if (unpublished.Length == 0) return;
        try
        {
            await log.AppendAsync(Topics.DeadLetter, unpublished, default, CancellationToken.None);
        }
        catch (EventLogException)
        {
            partition.Published = null; // Some may have become durable: look again before the next attempt.
            throw;
        }
    }
}

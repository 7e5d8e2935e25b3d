using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Contracts.Hashing;
using Millrace.Hosting.Faults;
using Millrace.Ingest.Events;
using Millrace.Ingest.Quotas;
using Millrace.Ports.EventLog;

namespace Millrace.Ingest.Letters.Redrives;

/// <summary>
/// Runs a redrive, some letters at a time: takes them in hand, judges them, publishes what is good, writes down what came of them. What a letter
/// becomes follows from its bytes, its id and the moment when it was taken in hand, so letters that are found in hand become the same again.
/// </summary>
internal sealed class Redriver(IEventLog log, RedriveWork work, TenantQuotas quotas, IngestMetrics metrics, LetterMetrics letterMetrics, IOptions<IngestOptions> options, TimeProvider time)
{
    /// <summary>Runs it to its end.</summary>
    /// <exception cref="LeaseLostException">Another instance has it now.</exception>
    /// <exception cref="EventLogException">The log can't be read or written; letters may be in hand.</exception>
    public async Task RunAsync(RedriveRow redrive, CancellationToken cancellationToken)
    {
        var left = await work.InHandAsync(redrive, cancellationToken);
        if (left.Count > 0)
        {
            var published = await PublishedEvents.FindAsync(log, redrive, cancellationToken);
            await work.RenewAsync(redrive, cancellationToken);
            await FinishAsync(redrive, left, published, cancellationToken);
        }

        while (true)
        {
            redrive = await work.TakeAsync(redrive, await log.DescribeAsync(Topics.Events, cancellationToken), cancellationToken);
            if (redrive.State != (long)RedriveState.Running) return;
            FaultPoint.Reach(FaultPointNames.IngestRedriveTaken);
            await FinishAsync(redrive, await work.InHandAsync(redrive, cancellationToken), PublishedEvents.None, cancellationToken);
        }
    }

    private async Task FinishAsync(RedriveRow redrive, List<LetterRow> letters, PublishedEvents published, CancellationToken cancellationToken)
    {
        var batch = new EventBatch();
        try
        {
            var (verdicts, records) = Judge(redrive, letters, published, batch);
            await ChargeAsync(redrive, records, cancellationToken);
            if (records.Count > 0)
            {
                // Right before, so that an instance that was held up does not publish beside the one that took over.
                await work.RenewAsync(redrive, cancellationToken);
                await log.AppendAsync(Topics.Events, records.ToArray(), default, CancellationToken.None);
                metrics.Accepted(records.Count);
                FaultPoint.Reach(FaultPointNames.IngestRedrivePublished);
            }

            await work.RecordAsync(redrive, verdicts, cancellationToken);
            letterMetrics.Redriven(verdicts.Count(v => v.Refused is null), verdicts.Count(v => v.Refused is not null));
        }
        finally
        {
            batch.Close();
        }
    }

    private (List<LetterVerdict> Verdicts, List<LogRecord> Records) Judge(RedriveRow redrive, List<LetterRow> letters, PublishedEvents published, EventBatch batch)
    {
        var verdicts = new List<LetterVerdict>(letters.Count);
        var records = new List<LogRecord>(letters.Count);
        foreach (var (i, letter) in letters.Index())
        {
            var frame = FrameOf(redrive, letter);
            if (i == 0) batch.Open(frame, (int)Math.Min(letters.Sum(l => l.KeptBytes), 1 << 20));
            else batch.Continue(frame);
            var before = batch.Records.Length;
            var fault = LetterJudge.Read(letter, redrive.Replacement, redrive.ReplacementType, batch);
            var events = batch.Records[before..];
            foreach (var record in events.Span)
            {
                if (!published.Has(letter.Id, record)) records.Add(record);
            }

            // Published means accepted, even where the rules have become stricter since.
            verdicts.Add(new LetterVerdict(letter.Id, events.Length, published.Has(letter.Id) ? null : fault));
        }

        return (verdicts, records);
    }

    private RequestFrame FrameOf(RedriveRow redrive, LetterRow letter)
    {
        var stream = redrive.DefaultStream ?? letter.DefaultStream;
        var settings = options.Value;
        return new RequestFrame(
            redrive.Tenant,
            redrive.JudgedAt,
            stream.Length == 0 ? null : stream,
            settings.MaxEventAge,
            settings.MaxEventAhead,
            new Dictionary<string, string>(1, StringComparer.Ordinal) { [Headers.Redrive] = letter.Id },
            IdSeed: SipHash128.KeyedBy(letter.Id).Hash("redrive"u8, default, default),
            DefaultTimeMs: letter.At);
    }

    /// <summary>A quota that is used up holds the redrive back; nothing of it is refused.</summary>
    private async Task ChargeAsync(RedriveRow redrive, List<LogRecord> records, CancellationToken cancellationToken)
    {
        if (records.Count == 0 || quotas.Of(redrive.Tenant) is not { } quota) return;
        var bytes = (int)Math.Min(records.Sum(record => (long)record.Value.Length), int.MaxValue);
        while (!quota.TryCharge(records.Count, bytes, out var retryAfter))
        {
            await work.RenewAsync(redrive, cancellationToken);
            await Task.Delay(retryAfter < _longestWait ? retryAfter : _longestWait, time, cancellationToken);
        }
    }

    // Shorter than the shortest lease.
    private static readonly TimeSpan _longestWait = TimeSpan.FromSeconds(1);
}

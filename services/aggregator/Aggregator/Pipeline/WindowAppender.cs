using Microsoft.Extensions.Logging;
using Millrace.Aggregator.Output;
using Millrace.Contracts;
using Millrace.Ports.EventLog;

namespace Millrace.Aggregator.Pipeline;

/// <summary>
/// Appends windows and late events until they are durable. A window that is appended twice is the same revision, and a late event the same origin,
/// so whatever may succeed later is simply tried again.
/// </summary>
internal sealed class WindowAppender(IEventLog log, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
{
    // A jump of event time may close tens of thousands of windows at once; the log takes them in portions.
    private const int PortionRecords = 8_192;
    private const int PortionBytes = 4 << 20;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    public async Task AppendAsync(OutputBatch batch)
    {
        if (batch.HasLate) await AppendAsync(Topics.Late, batch.LateEvents);
        if (batch.HasWindows) await AppendAsync(Topics.Windows, batch.Windows);
    }

    private async Task AppendAsync(string topic, ReadOnlyMemory<LogRecord> records)
    {
        while (!records.IsEmpty)
        {
            var count = PortionOf(records.Span);
            await AppendPortionAsync(topic, records[..count]);
            records = records[count..];
        }
    }

    private async Task AppendPortionAsync(string topic, ReadOnlyMemory<LogRecord> records)
    {
        while (true)
        {
            try
            {
                await log.AppendAsync(topic, records, Memory<LogPosition>.Empty, cancellationToken);
                return;
            }
            catch (EventLogException e) when (e.Retryable)
            {
                Log.AppendFailed(logger, topic, _pause.TotalSeconds, e.Message, e);
                await Task.Delay(_pause, time, cancellationToken);
            }
        }
    }

    private static int PortionOf(ReadOnlySpan<LogRecord> records)
    {
        var bytes = 0L;
        var count = 0;
        while (count < records.Length && count < PortionRecords && (count == 0 || bytes + records[count].Value.Length <= PortionBytes))
            bytes += records[count++].Value.Length;
        return count;
    }
}

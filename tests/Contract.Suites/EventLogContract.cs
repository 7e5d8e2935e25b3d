using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Contract.Suites;

/// <summary>
/// What every <see cref="IEventLog"/> must do. An adapter's tests derive from it and say how to open the log, how to open it again, and how to
/// open it after a crash.
/// </summary>
public abstract partial class EventLogContract : IAsyncLifetime
{
    /// <summary>The topic of most tests; has more than one partition.</summary>
    protected const string Topic = "suite.events";

    /// <summary>Long enough for anything that should happen.</summary>
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long a batch that is there may take to come: longer where servers are far.</summary>
    protected virtual TimeSpan Moment => TimeSpan.FromMilliseconds(200);

    /// <summary>The log under test.</summary>
    protected IEventLog Log { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Log = await OpenAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens the log: empty the first time, with what it held afterwards.</summary>
    protected abstract ValueTask<IEventLog> OpenAsync();

    /// <summary>Ends the log as a crash would, so that nothing is written or said any more. By default an orderly end.</summary>
    protected virtual ValueTask CrashAsync(IEventLog log) => log.DisposeAsync();

    /// <summary>Removes what the tests left.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    /// <summary>Whether the log outlives its client, so that a group's second consumer elsewhere is no error.</summary>
    protected virtual bool GroupsHaveManyMembers => false;

    /// <summary>Why the log under test can't keep a record of a size, if it can't: a stand-in for a server may be smaller than the server.</summary>
    protected virtual string? WhyItCannotHold(int bytes) => null;

    /// <summary>Ends the log and opens it again.</summary>
    protected async Task ReopenAsync(bool crash = false)
    {
        if (crash) await CrashAsync(Log);
        else await Log.DisposeAsync();
        Log = await OpenAsync();
    }

    /// <summary>A record with text for key and value.</summary>
    protected static LogRecord Record(string key, string value, IReadOnlyDictionary<string, string>? headers = null) =>
        new(Payloads.Utf8(key), Payloads.Utf8(value), headers);

    /// <summary>Appends and answers with the positions.</summary>
    protected async Task<LogPosition[]> AppendAsync(params LogRecord[] records)
    {
        var positions = new LogPosition[records.Length];
        await Log.AppendAsync(Topic, records, positions, Cancellation);
        return positions;
    }

    /// <summary>Opens a consumer of the topic.</summary>
    protected ValueTask<ILogConsumer> ConsumeAsync(LogConsumerOptions? options = null) =>
        Log.OpenConsumerAsync(Topic, options ?? new LogConsumerOptions(), Cancellation);

    /// <summary>Reads until so many records came, or for as long as a batch comes within a moment when no number is given.</summary>
    protected async Task<List<ReadRecord>> ReadAsync(ILogConsumer consumer, int? count = null)
    {
        var read = new List<ReadRecord>();
        while (count is null || read.Count < count)
        {
            using var batch = await consumer.ReadAsync(count is null ? Moment : Patience, Cancellation);
            if (batch is null)
            {
                if (count is not null) Assert.Fail($"Only {read.Count} of {count} records came.");
                break;
            }
            foreach (var entry in batch.Entries)
            {
                read.Add(new ReadRecord(
                    batch.Partition, entry.Offset, entry.AppendedAtMs, Payloads.Text(entry.Key), Payloads.Text(entry.Value), entry.Headers));
            }
            Assert.Equal(batch.NextOffset, batch.Entries[^1].Offset + 1);
        }
        return read;
    }

    /// <summary>A record as a consumer got it, copied.</summary>
    protected sealed record ReadRecord(
        int Partition, long Offset, long AppendedAtMs, string Key, string Value, IReadOnlyDictionary<string, string>? Headers);
}

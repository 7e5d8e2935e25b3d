using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Millrace.Ports.Metadata;

namespace Millrace.Adapters.Sqlite;

/// <summary>
/// Notifications as rows of a small table, so that other processes see them too. Inside this process listeners are woken at once; for changes by
/// others one task looks at <c>PRAGMA data_version</c>, only while somebody listens. Ids have no gaps (AUTOINCREMENT rolls back with its
/// transaction), so a reader that missed pruned rows notices it.
/// </summary>
internal sealed class SqliteNotifications(
    SqliteConnections connections, SqliteWriter writer, TimeSpan pollInterval, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    public const string CreateTable = """
        CREATE TABLE IF NOT EXISTS metadata_notifications (
            id integer PRIMARY KEY AUTOINCREMENT, channel text NOT NULL, payload text NOT NULL, at bigint NOT NULL);
        """;

    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);
    private const int Page = 500;
    private readonly Lock _gate = new();
    private readonly List<Listener> _listeners = [];
    private readonly CancellationTokenSource _disposed = new();
    private CancellationTokenSource? _pollStop;
    private Task _poll = Task.CompletedTask;

    public async ValueTask NotifyAsync(string channel, string payload, CancellationToken cancellationToken)
    {
        await writer.RunAsync(
            async (connection, transaction, token) =>
            {
                var now = time.GetUtcNow().ToUnixTimeMilliseconds();
                await connection.ExecuteAsync(new CommandDefinition(
                    """
                    INSERT INTO metadata_notifications (channel, payload, at) VALUES (@channel, @payload, @now);
                    DELETE FROM metadata_notifications WHERE at < @old AND id < (SELECT MAX(id) FROM metadata_notifications);
                    """,
                    new { channel, payload, now, old = now - (long)Kept.TotalMilliseconds },
                    transaction,
                    cancellationToken: token));
                return 0;
            },
            cancellationToken);
        WakeAll();
    }

    public async IAsyncEnumerable<string> ListenAsync(string channel, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
        using var listener = new Listener(this);
        long? cursor = null;
        while (true)
        {
            List<Row>? rows;
            try
            {
                rows = Read(ref cursor);
            }
            catch (Exception e) when (e is DbException or MetadataDatabaseException)
            {
                Log.PollFailed(logger, connections.File, e);
                cursor = null;
                await Task.Delay(AfterFailure, time, stop.Token);
                continue;
            }

            if (rows is null)
            {
                yield return ""; // Listening from here on, or something was missed.
            }
            else
            {
                foreach (var row in rows)
                {
                    if (string.Equals(row.Channel, channel, StringComparison.Ordinal))
                        yield return row.Payload;
                }
            }

            if (rows is null or { Count: < Page })
                await listener.WaitAsync(stop.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        Task poll;
        lock (_gate)
            poll = _poll;
        await poll.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
    }

    /// <summary>Rows after the cursor, which moves on; null when rows may have been missed, the cursor then being at the end.</summary>
    private List<Row>? Read(ref long? cursor)
    {
        using var connection = connections.OpenReader();
        if (cursor is { } after)
        {
            var rows = connection.Query<Row>(
                "SELECT id, channel, payload FROM metadata_notifications WHERE id > @after ORDER BY id LIMIT @Page", new { after, Page }).AsList();
            if (rows.Count == 0)
                return rows;
            if (rows[0].Id == after + 1)
            {
                cursor = rows[^1].Id;
                return rows;
            }
        }

        cursor = connection.ExecuteScalar<long>("SELECT COALESCE(MAX(id), 0) FROM metadata_notifications");
        return null;
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        SqliteConnection? connection = null;
        long? seen = null;
        using var timer = new PeriodicTimer(pollInterval, time);
        try
        {
            do
            {
                try
                {
                    connection ??= connections.OpenReader();
                    var version = connection.ExecuteScalar<long>("PRAGMA data_version");
                    if (version != seen)
                        WakeAll();
                    seen = version;
                }
                catch (Exception e) when (e is DbException or MetadataDatabaseException)
                {
                    Log.PollFailed(logger, connections.File, e);
                    connection?.Dispose();
                    (connection, seen) = (null, null);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        finally
        {
            connection?.Dispose();
        }
    }

    private void WakeAll()
    {
        lock (_gate)
        {
            foreach (var listener in _listeners)
                listener.Wake();
        }
    }

    private void Add(Listener listener)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            _listeners.Add(listener);
            if (_listeners.Count > 1)
                return;
            _pollStop = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
            var token = _pollStop.Token;
            _poll = Task.Run(() => PollAsync(token), token);
        }
    }

    private void Remove(Listener listener)
    {
        lock (_gate)
        {
            _listeners.Remove(listener);
            if (_listeners.Count > 0)
                return;
            _pollStop!.Cancel();
            _pollStop.Dispose();
            _pollStop = null;
        }
    }

    private sealed class Listener : IDisposable
    {
        private readonly SqliteNotifications _owner;
        private readonly SemaphoreSlim _signal = new(0, 1);

        public Listener(SqliteNotifications owner)
        {
            _owner = owner;
            owner.Add(this);
        }

        public Task WaitAsync(CancellationToken cancellationToken) => _signal.WaitAsync(cancellationToken);

        // Only ever called under the owner's lock, so the count can't pass its maximum.
        public void Wake()
        {
            if (_signal.CurrentCount == 0)
                _signal.Release();
        }

        public void Dispose()
        {
            _owner.Remove(this);
            _signal.Dispose();
        }
    }

    private sealed class Row
    {
        public long Id { get; set; }

        public string Channel { get; set; } = "";

        public string Payload { get; set; } = "";
    }
}

using Microsoft.Extensions.Logging;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>
/// One connection that listens for all channels of this process, from the first subscription on. When it breaks, everybody is told, once it listens again,
/// that anything may have been missed. All channels share one of PostgreSQL's, so that names are free and a subscription needs no round trip.
/// </summary>
internal sealed class PostgresListener(PostgresConnections connections, PostgresMetrics metrics, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>PostgreSQL's channel.</summary>
    public const string Channel = "millrace";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private readonly Lock _gate = new();
    private readonly List<Subscription> _subscriptions = [];
    private readonly CancellationTokenSource _disposed = new();
    private Task _loop = Task.CompletedTask;
    private bool _started;
    private bool _listening;

    /// <summary>Ends with the listener.</summary>
    public CancellationToken Disposed => _disposed.Token;

    /// <summary>Whether notifications arrive now.</summary>
    public bool IsListening
    {
        get
        {
            lock (_gate) return _listening;
        }
    }

    /// <summary>Receives everything of a channel until it is disposed, beginning with <see cref="Subscription.Missed"/> once the connection listens.</summary>
    public Subscription Subscribe(string channel)
    {
        var subscription = new Subscription(channel, Remove);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
            _subscriptions.Add(subscription);
            if (_listening)
                subscription.Put(Subscription.Missed);
            if (!_started)
                _loop = Task.Run(RunAsync);
            _started = true;
        }

        return subscription;
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        Task loop;
        lock (_gate) loop = _loop;
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposed.Dispose();
    }

    private async Task RunAsync()
    {
        var token = _disposed.Token;
        var pause = FirstPause;
        while (!token.IsCancellationRequested)
        {
            try
            {
                await using var connection = await connections.OpenListeningAsync(token);
                connection.Notification += (_, notification) => Deliver(notification.Payload);
                await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection))
                    await listen.ExecuteNonQueryAsync(token);
                Listening(true);
                pause = FirstPause;
                while (true)
                    await connection.WaitAsync(token);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is: who waits for changes must not wait for ever because this loop has ended.
                metrics.ListenerLost();
                Log.ListenerLost(logger, connections.Place, e);
            }
            finally
            {
                Listening(false);
            }

            // What the pool holds broke with it, most likely.
            connections.Forget();
            await Task.Delay(pause, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks));
        }
    }

    private void Listening(bool now)
    {
        lock (_gate)
        {
            _listening = now;
            if (!now)
                return;
            foreach (var subscription in _subscriptions)
                subscription.Put(Subscription.Missed);
        }
    }

    private void Deliver(string text)
    {
        if (!NotificationText.TryParse(text, out var channel, out var content))
            return; // Somebody else uses the channel's name.
        lock (_gate)
        {
            foreach (var subscription in _subscriptions)
            {
                if (string.Equals(subscription.Channel, channel, StringComparison.Ordinal))
                    subscription.Put(content);
            }
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (_gate) _subscriptions.Remove(subscription);
    }
}

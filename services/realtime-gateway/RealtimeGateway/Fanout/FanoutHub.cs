using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.RealtimeGateway.Fanout;

/// <summary>All shards: hands out places, and slows the readers of the log down when the shards cannot keep up.</summary>
internal sealed class FanoutHub : IDisposable
{
    // Deadlines are met within this; a scan of ten thousand connections takes a fraction of a millisecond.
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);

    private readonly Shard[] _shards;
    private readonly GatewayOptions _options;
    private readonly TokenBucket? _rate;
    private readonly ITimer _ticker;
    private int _next = -1;
    private int _connections;
    private volatile bool _draining;

    public FanoutHub(IOptions<GatewayOptions> options, GatewayMetrics metrics, TimeProvider time, ILogger<FanoutHub> logger)
    {
        _options = options.Value;
        Counts = new ConnectionCounts(_options.Connections);
        if (_options.Connections.PerSecond is { } rate) _rate = new TokenBucket(rate, rate * 2, time);
        var count = _options.Shards > 0 ? _options.Shards : Environment.ProcessorCount;
        _shards = [.. Enumerable.Range(0, count).Select(i => new Shard(i, _options.Connections, metrics, time, logger))];
        _ticker = time.CreateTimer(static state => ((FanoutHub)state!).Tick(), this, TickInterval, TickInterval);
    }

    /// <summary>The shards.</summary>
    public IReadOnlyList<Shard> Shards => _shards;

    /// <summary>Open connections.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>No more connections are taken.</summary>
    public bool IsDraining => _draining;

    /// <summary>From now on no more connections are taken.</summary>
    public void BeginDrain() => _draining = true;

    /// <summary>The shard for a new connection.</summary>
    public Shard NextShard() => _shards[(uint)Interlocked.Increment(ref _next) % (uint)_shards.Length];

    /// <summary>How many connections each tenant and each user has.</summary>
    public ConnectionCounts Counts { get; }

    /// <summary>Takes one of the places.</summary>
    /// <returns><see langword="false"/> when all are taken, too many begin at once, or the gateway drains.</returns>
    public bool TryTakePlace()
    {
        if (_draining || !MayBegin()) return false;
        if (Interlocked.Increment(ref _connections) <= _options.Connections.Limit) return true;
        Interlocked.Decrement(ref _connections);
        return false;
    }

    private bool MayBegin()
    {
        if (_rate is null) return true;
        lock (_rate) return _rate.TryTake();
    }

    /// <summary>Gives a place back.</summary>
    public void GivePlaceBack() => Interlocked.Decrement(ref _connections);

    /// <summary>Shows every connection to somebody, each in the loop of its shard: what is the shard's may be read.</summary>
    /// <returns>Completes when it has seen all of them.</returns>
    public Task VisitAsync(Action<Connection> look)
    {
        var visits = Array.ConvertAll(_shards, _ => new Visit(look, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        for (var i = 0; i < _shards.Length; i++) _shards[i].Post(new Work(WorkKind.Visit, _shards[i], visits[i]));
        return Task.WhenAll(visits.Select(visit => visit.Done.Task));
    }

    /// <summary>What a look at every connection comes to.</summary>
    /// <param name="look">What is to be known of one; <see langword="null"/> for nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<List<T>> CollectAsync<T>(Func<Connection, T?> look, CancellationToken cancellationToken)
        where T : class
    {
        var found = new ConcurrentBag<T>();
        await VisitAsync(connection =>
        {
            if (look(connection) is { } item) found.Add(item);
        }).WaitAsync(cancellationToken);
        return [.. found];
    }

    /// <summary>Cuts every connection.</summary>
    public void CutAll()
    {
        foreach (var shard in _shards) shard.Post(new Work(WorkKind.Cut, shard));
    }

    /// <summary>
    /// Waits while some shard has more to do than its backlog allows: publications are then bounded by that plus one batch of each reader, and what
    /// waits, waits in the log.
    /// </summary>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        foreach (var shard in _shards)
        {
            if (shard.Backlog > _options.ShardBacklog) return new ValueTask(shard.DrainedAsync().WaitAsync(cancellationToken));
        }

        return ValueTask.CompletedTask;
    }

    public void Dispose() => _ticker.Dispose();

    private void Tick()
    {
        foreach (var shard in _shards) shard.Post(new Work(WorkKind.Tick, shard));
    }
}

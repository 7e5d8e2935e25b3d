namespace Millrace.Adapters.Kafka.Consuming;

/// <summary>
/// Lets the reader itself run the callbacks of a rebalance, between two batches: so none of a revoked partition's batches is in its hands when it
/// hears of it. A reader that does not come in time does not hold the group up: the fetching thread runs them, then.
/// </summary>
internal sealed class ReaderCalls(Action wakeReader) : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private Call? _pending;
    private bool _closed;

    /// <summary>Whether the reader has a call to run.</summary>
    public bool HasPending => Volatile.Read(ref _pending) is not null;

    /// <summary>Has a callback run and waits for its end. From the fetching thread.</summary>
    /// <exception cref="Exception">What the callback threw.</exception>
    public void Run(Func<Task> callback)
    {
        var call = new Call(callback);
        lock (_gate)
        {
            if (_closed) return;
            _pending = call;
        }

        wakeReader();
        if (!call.Taken.Task.Wait(_patience) && TryTake(call)) callback().GetAwaiter().GetResult();
        else call.Done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs what is pending. From the reader.</summary>
    public async ValueTask RunPendingAsync()
    {
        var call = Volatile.Read(ref _pending);
        if (call is null || !TryTake(call)) return;
        call.Taken.TrySetResult();
        try
        {
            await call.Callback();
            call.Done.TrySetResult();
        }
        catch (Exception e)
        {
            // The fetching thread tells it: it is the one that has failed.
            call.Done.TrySetException(e);
        }
    }

    /// <summary>Nobody will read any more; what is pending ends without having run.</summary>
    public void Dispose()
    {
        Call? call;
        lock (_gate)
        {
            _closed = true;
            call = _pending;
            _pending = null;
        }

        call?.Taken.TrySetResult();
        call?.Done.TrySetResult();
    }

    private bool TryTake(Call call)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_pending, call)) return false;
            _pending = null;
            return true;
        }
    }

    private sealed class Call(Func<Task> callback)
    {
        public Func<Task> Callback { get; } = callback;

        public TaskCompletionSource Taken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Writing;

/// <summary>
/// One call of append on its way through the writer, and the task its caller awaits. Pooled: it returns to the pool once both the caller has
/// taken the result and the writer has let go of it.
/// </summary>
internal sealed class AppendOperation : IValueTaskSource
{
    private const int Queued = 0;
    private const int Writing = 1;
    private const int Written = 2;
    private const int Completed = 3;
    private const int MaxPooled = 4096;

    private static readonly ConcurrentQueue<AppendOperation> _pool = new();
    private static int _pooled;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellationToken;
    private int _state;
    private int _holders;

    /// <summary>What to append.</summary>
    public ReadOnlyMemory<LogRecord> Records { get; private set; }

    /// <summary>Where to write the positions to; may be empty.</summary>
    public Memory<LogPosition> Positions { get; private set; }

    /// <summary>Payload, for the queue's bound.</summary>
    public long Bytes { get; private set; }

    /// <summary>The caller's own fault, found while its records were written.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Takes one from the pool. Queue it, then call <see cref="Await"/>.</summary>
    public static AppendOperation Rent(ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, long bytes)
    {
        if (_pool.TryDequeue(out var operation)) Interlocked.Decrement(ref _pooled);
        else operation = new AppendOperation();
        operation.Records = records;
        operation.Positions = positions;
        operation.Bytes = bytes;
        operation._state = Queued;
        operation._holders = 2;
        return operation;
    }

    /// <summary>The task for the caller.</summary>
    public ValueTask Await(CancellationToken cancellationToken)
    {
        var version = _core.Version;
        if (cancellationToken.CanBeCanceled)
        {
            _cancellationToken = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(static o => ((AppendOperation)o!).Cancel(), this);
        }
        return new ValueTask(this, version);
    }

    /// <summary>The writer begins to read the caller's memory.</summary>
    /// <returns><see langword="false"/> when the caller has gone: forget the operation.</returns>
    public bool TryBeginWriting() => Interlocked.CompareExchange(ref _state, Writing, Queued) == Queued;

    /// <summary>The writer is done with the caller's memory.</summary>
    public void EndWriting()
    {
        Interlocked.Exchange(ref _state, Written);
        // A cancellation that came while the memory was in use had to leave it to us.
        if (_cancellationToken.IsCancellationRequested) Cancel();
    }

    /// <summary>The outcome. The writer lets go of the operation.</summary>
    public void Complete(Exception? failure)
    {
        if (Interlocked.Exchange(ref _state, Completed) != Completed)
        {
            if (failure is null) _core.SetResult(true);
            else _core.SetException(failure);
        }
        Release();
    }

    /// <inheritdoc/>
    public void GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            // Waits for a running callback: none may touch the operation once it serves somebody else.
            _registration.Dispose();
            Release();
        }
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Completed, Queued) == Queued
            || Interlocked.CompareExchange(ref _state, Completed, Written) == Written)
        {
            _core.SetException(new OperationCanceledException(_cancellationToken));
        }
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) != 0) return;
        _core.Reset();
        _registration = default;
        _cancellationToken = default;
        Records = default;
        Positions = default;
        Fault = null;
        if (Interlocked.Increment(ref _pooled) > MaxPooled)
        {
            Interlocked.Decrement(ref _pooled);
            return;
        }
        _pool.Enqueue(this);
    }
}

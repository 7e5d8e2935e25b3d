using System.Threading.Tasks.Sources;

namespace Millrace.Ports.EventLog;

/// <summary>
/// Lets one reader sleep until somebody wakes it. A wake that comes while nobody sleeps is kept, so none is ever missed; one too many only makes
/// the reader look once more. Allocates nothing per wait. For adapters: any thread wakes, one reader at a time waits.
/// </summary>
public sealed class WakeSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Sleeping = 1;
    private const int Woken = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Wakes the reader.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Woken) == Sleeping) _core.SetResult(true);
    }

    /// <summary>Completes at the next wake, or at once when one has come since the last wait.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Sleeping, Idle) == Idle) return new ValueTask(this, _core.Version);
        Volatile.Write(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void GetResult(short token)
    {
        Volatile.Write(ref _state, Idle);
        _core.GetResult(token);
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

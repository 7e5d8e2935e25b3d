namespace Millrace.Alerting;

/// <summary>Wake-up calls between the loops of this process.</summary>
internal sealed class AlertingSignals
{
    /// <summary>Changes of alerts wait for <c>millrace.alerts</c>.</summary>
    public Signal Changes { get; } = new();

    /// <summary>Notifications wait, or places for them have become free.</summary>
    public Signal Deliveries { get; } = new();

    /// <summary>A snooze was set.</summary>
    public Signal Snoozes { get; } = new();
}

/// <summary>Remembers one call until somebody waits for it. One waiter at a time.</summary>
internal sealed class Signal
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _source = New();

    /// <summary>Wakes the waiter, or the next one.</summary>
    public void Set()
    {
        lock (_gate) _source.TrySetResult();
    }

    /// <summary>Waits for a call, at most for a time.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        Task called;
        lock (_gate) called = _source.Task;
        if (!called.IsCompleted)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(called, Task.Delay(atMost < TimeSpan.Zero ? TimeSpan.Zero : atMost, time, stop.Token));
            await stop.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
        lock (_gate)
        {
            if (_source.Task.IsCompleted) _source = New();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

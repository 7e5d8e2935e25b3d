using Millrace.Archiver.Pipeline;

namespace Millrace.Archiver.Tests.Support;

/// <summary>Ends an archiver at a step: what reaches it, or anything after, goes no further.</summary>
/// <param name="step">Where.</param>
/// <param name="sink">In which sink.</param>
/// <param name="after">How often the step passes before.</param>
internal sealed class StopAt(ArchiverStep step, string sink, int after = 0) : IArchiverProbe
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _passes = after;

    /// <summary>Ends when the step is reached.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets whoever waits at a step fail there.</summary>
    public void Release() => _released.TrySetResult();

    public async ValueTask ReachedAsync(ArchiverStep reached, string ofSink, int partition)
    {
        if (!_reached.Task.IsCompleted && !(reached == step && ofSink == sink && Interlocked.Decrement(ref _passes) < 0)) return;
        _reached.TrySetResult();
        await _released.Task;
        throw new ArchiverStoppedException(reached);
    }
}

using Millrace.Archiver.Pipeline;

namespace Millrace.Archiver.Tests.Support;

/// <summary>Holds an archiver at a step of a sink, as a process that gets no time; then lets it go on as if nothing had been.</summary>
/// <param name="step">Where.</param>
/// <param name="sink">In which sink.</param>
internal sealed class HoldAt(ArchiverStep step, string sink) : IArchiverProbe
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the step is reached.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets it go on.</summary>
    public void Release() => _released.TrySetResult();

    public async ValueTask ReachedAsync(ArchiverStep reached, string ofSink, int partition)
    {
        if (reached != step || ofSink != sink) return;
        _reached.TrySetResult();
        await _released.Task;
    }
}

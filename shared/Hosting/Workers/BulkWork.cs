namespace Millrace.Hosting.Workers;

/// <summary>Work that takes long and that nobody waits for, beside a worker whose loop is <see cref="Worker.IsBulk"/>.</summary>
public static class BulkWork
{
    /// <summary>Runs it on the threads for such work instead of the thread pool.</summary>
    /// <param name="work">What to do.</param>
    /// <param name="cancellationToken">It is not begun any more.</param>
    public static Task RunAsync(Func<Task> work, CancellationToken cancellationToken) => BulkScheduler.Shared.RunAsync(work, cancellationToken);
}

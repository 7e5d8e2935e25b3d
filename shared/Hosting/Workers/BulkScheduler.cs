using System.Collections.Concurrent;
using System.Globalization;

namespace Millrace.Hosting.Workers;

/// <summary>
/// Runs bulk work on threads of its own, as many as there are processors: on the thread pool each of its steps, some milliseconds long and without end while
/// the log is behind, would stand in line before the short ones of requests. Here they share the processors, and the system sees to it that they do.
/// </summary>
internal sealed class BulkScheduler : TaskScheduler
{
    private readonly BlockingCollection<Task> _tasks = [];

    private BulkScheduler()
    {
        for (var i = 0; i < MaximumConcurrencyLevel; i++)
            new Thread(Work) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"bulk {i}") }.Start();
    }

    /// <summary>The one of the process.</summary>
    public static BulkScheduler Shared { get; } = new();

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel { get; } = Environment.ProcessorCount;

    /// <summary>Runs work on these threads, with all that comes after what it awaits.</summary>
    public Task RunAsync(Func<Task> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _tasks.Add(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => Current == this && !taskWasPreviouslyQueued && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void Work()
    {
        foreach (var task in _tasks.GetConsumingEnumerable()) TryExecuteTask(task);
    }
}

using System.Diagnostics;
using Millrace.Adapters.FasterLog.Topics;

namespace Millrace.Adapters.FasterLog.Writing;

/// <summary>
/// The one thread that writes a topic. It takes every append that came while the last group was being synced, writes them as one group, syncs
/// once, and answers all: alone an append waits for one sync, under load a sync serves hundreds. A thread of its own, since a sync blocks and
/// would starve the pool; asleep when there is nothing to do.
/// </summary>
internal sealed class TopicWriter : IDisposable
{
    /// <summary>Payload of a group: larger ones would only make their first callers wait.</summary>
    private const long MaxGroupBytes = 8 << 20;

    private readonly Topic _topic;
    private readonly AppendQueue _queue;
    private readonly Thread _thread;

    public TopicWriter(Topic topic, long maxQueuedBytes)
    {
        _topic = topic;
        _queue = new AppendQueue(topic.Name, maxQueuedBytes);
        _thread = new Thread(Run) { IsBackground = true, Name = "log " + topic.Name };
        _thread.Start();
    }

    /// <summary>Queues an append.</summary>
    public ValueTask AppendAsync(AppendOperation operation, CancellationToken cancellationToken)
    {
        _queue.Add(operation);
        return operation.Await(cancellationToken);
    }

    /// <summary>Has retention run and the index saved soon.</summary>
    public void RequestMaintenance() => _queue.RequestMaintenance();

    /// <summary>Finishes what is queued.</summary>
    public void Dispose()
    {
        _queue.Stop();
        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            var work = _queue.Take();
            var operations = work.Operations;
            for (var first = 0; first < operations.Count;)
            {
                var last = first;
                var bytes = 0L;
                do bytes += operations[last++].Bytes;
                while (last < operations.Count && bytes + operations[last].Bytes <= MaxGroupBytes);
                WriteGroup(operations, first, last, bytes);
                _queue.Done(bytes);
                first = last;
            }
            if (work.Maintenance) _topic.Maintain();
            if (work.Stop && operations.Count == 0) return;
            operations.Clear();
        }
    }

    private void WriteGroup(List<AppendOperation> operations, int first, int last, long bytes)
    {
        Exception? failure = null;
        try
        {
            _topic.EnsureWritable(bytes);
        }
#pragma warning disable CA1031 // Whatever it is, the callers must hear of it and the thread must live on; so below.
        catch (Exception e)
        {
            Complete(operations, first, last, e);
            return;
        }
        var records = 0;
        var elapsed = TimeSpan.Zero;
        try
        {
            for (var i = first; i < last; i++)
            {
                var operation = operations[i];
                if (!operation.TryBeginWriting()) continue;
                records += _topic.Batch.Add(operation);
                operation.EndWriting();
            }
            var started = Stopwatch.GetTimestamp();
            _topic.Batch.Commit();
            elapsed = Stopwatch.GetElapsedTime(started);
        }
        catch (Exception e)
#pragma warning restore CA1031
        {
            failure = e;
            _topic.WriteFailed(e);
        }
        Complete(operations, first, last, failure);
        if (failure is null) _topic.AfterCommit(records, bytes, elapsed);
    }

    private void Complete(List<AppendOperation> operations, int first, int last, Exception? failure)
    {
        for (var i = first; i < last; i++)
        {
            var operation = operations[i];
            operation.Complete(failure is null ? operation.Fault : _topic.AppendFailure(failure));
        }
    }
}

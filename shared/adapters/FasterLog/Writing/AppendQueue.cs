using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Writing;

/// <summary>What is asked of the writer next.</summary>
internal readonly record struct WriterWork(List<AppendOperation> Operations, bool Maintenance, bool Stop);

/// <summary>Calls of append on their way to the writer's thread. Bounded in bytes: what does not fit is refused. The thread sleeps when idle.</summary>
internal sealed class AppendQueue(string topic, long maxBytes)
{
    private readonly object _gate = new();
    private List<AppendOperation> _incoming = [];
    private List<AppendOperation> _taken = [];
    private long _bytes;
    private bool _maintenance;
    private bool _stop;

    /// <summary>Queues an operation.</summary>
    public void Add(AppendOperation operation)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stop, typeof(FasterEventLog));
            if (_bytes > 0 && _bytes + operation.Bytes > maxBytes)
                throw new EventLogException($"{topic} takes no more appends right now: {_bytes} bytes wait to be written.", retryable: true);
            _bytes += operation.Bytes;
            _incoming.Add(operation);
            if (_incoming.Count == 1) Monitor.Pulse(_gate);
        }
    }

    /// <summary>Asks for maintenance.</summary>
    public void RequestMaintenance()
    {
        lock (_gate)
        {
            _maintenance = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>No more operations; the writer finishes those that are queued.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _stop = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for work and takes all of it. The list is valid until the next call.</summary>
    public WriterWork Take()
    {
        lock (_gate)
        {
            while (_incoming.Count == 0 && !_maintenance && !_stop) Monitor.Wait(_gate);
            (_incoming, _taken) = (_taken, _incoming);
            var maintenance = _maintenance;
            _maintenance = false;
            return new WriterWork(_taken, maintenance, _stop);
        }
    }

    /// <summary>The writer is done with some bytes.</summary>
    public void Done(long bytes)
    {
        lock (_gate) _bytes -= bytes;
    }
}

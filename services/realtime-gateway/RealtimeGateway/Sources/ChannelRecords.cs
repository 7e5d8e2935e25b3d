using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Sources;

/// <summary>How a channel's records on the log become its publications, for one pass over them in order.</summary>
internal abstract class ChannelRecords : IDisposable
{
    /// <summary>Key of the channel's records.</summary>
    public abstract ReadOnlyMemory<byte> Key { get; }

    /// <summary>How far before a record others may decide what becomes of it; <see langword="null"/> when none do.</summary>
    public virtual TimeSpan? Reach => null;

    /// <summary>Whether what was read depends on records before it that were not <see cref="Observe"/>d.</summary>
    public bool DependsOnEarlier { get; protected set; }

    /// <summary>Whether something in what was read forbids to hand it out.</summary>
    public bool IsBroken { get; protected set; }

    /// <summary>The publication of a record, or <see langword="null"/> when it is none.</summary>
    public abstract Publication? Read(in LogEntry entry);

    /// <summary>Takes note of a record from before what is read.</summary>
    public virtual void Observe(in LogEntry entry)
    {
    }

    public virtual void Dispose()
    {
    }
}

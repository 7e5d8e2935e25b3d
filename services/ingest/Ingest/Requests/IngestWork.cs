using Microsoft.Extensions.ObjectPool;
using Millrace.Ingest.Events;

namespace Millrace.Ingest.Requests;

/// <summary>What one request works with. Pooled: between requests it holds no more than a few kilobytes.</summary>
internal sealed class IngestWork(InFlightBudget budget) : IResettable
{
    /// <summary>The body.</summary>
    public BodyBuffer Body { get; } = new(budget);

    /// <summary>The events in it.</summary>
    public EventBatch Batch { get; } = new();

    /// <inheritdoc/>
    public bool TryReset()
    {
        Batch.Close();
        Body.Close();
        return true;
    }
}

/// <summary>Makes them.</summary>
internal sealed class IngestWorkPolicy(InFlightBudget budget) : PooledObjectPolicy<IngestWork>
{
    /// <inheritdoc/>
    public override IngestWork Create() => new(budget);

    /// <inheritdoc/>
    public override bool Return(IngestWork obj) => obj.TryReset();
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Millrace.RealtimeGateway.Publications;

/// <summary>The idempotency keys that this instance has read, by partition.</summary>
internal sealed class PublicationLedger(IOptions<GatewayOptions> options)
{
    private readonly ConcurrentDictionary<int, IdempotencyWindow> _windows = new();

    /// <summary>Those of a partition.</summary>
    public IdempotencyWindow Of(int partition) => _windows.GetOrAdd(
        partition, static (_, limits) => new IdempotencyWindow(limits.IdempotencyKeys, limits.IdempotencyTtl), options.Value.Publications);

    /// <summary>Forgets everything: the topic was made anew.</summary>
    public void Clear() => _windows.Clear();
}

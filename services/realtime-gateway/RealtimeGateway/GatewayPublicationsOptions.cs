using System.ComponentModel.DataAnnotations;

namespace Millrace.RealtimeGateway;

/// <summary>What clients and the server API publish: <c>Millrace:Gateway:Publications</c>.</summary>
public sealed class GatewayPublicationsOptions
{
    /// <summary>Bytes of the data of one publication; more is refused with 107. Default 128 KiB.</summary>
    [Range(1, 8 * 1024 * 1024)]
    public int MaxBytes { get; init; } = 128 * 1024;

    /// <summary>Channels of configured namespaces that are kept in memory; of further ones only those that somebody listens to, the rest is read from the log. Default 50,000.</summary>
    [Range(1, 10_000_000)]
    public int Channels { get; init; } = 50_000;

    /// <summary>Time in which a repeated idempotency key of a channel is dropped. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan IdempotencyTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Idempotency keys that are remembered of a partition of the topic; beyond it the oldest are forgotten early. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int IdempotencyKeys { get; init; } = 100_000;

    /// <summary>Bytes of a request of the server API; more is answered with 413. Default 4 MiB.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int RequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Channels of a broadcast, and commands of a batch; more are refused with 107. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int BatchSize { get; init; } = 1_000;
}

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Millrace.RealtimeGateway.Forwarding;

namespace Millrace.RealtimeGateway;

/// <summary>Options of the realtime gateway: <c>Millrace:Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>Where the options stand in the configuration.</summary>
    public const string Section = "Millrace:Gateway";

    /// <summary>Limits of a connection.</summary>
    [ValidateObjectMembers]
    public GatewayConnectionOptions Connections { get; init; } = new();

    /// <summary>What is kept of each channel for snapshots and recovery.</summary>
    [ValidateObjectMembers]
    public GatewayHistoryOptions History { get; init; } = new();

    /// <summary>What <c>GET /api/v1/windows</c> can answer from.</summary>
    [ValidateObjectMembers]
    public GatewayWindowsOptions Windows { get; init; } = new();

    /// <summary>The feeds of single events.</summary>
    [ValidateObjectMembers]
    public GatewayEventsOptions Events { get; init; } = new();

    /// <summary>Channels of clients, by the name that stands in them. Default: none. At most 100.</summary>
    public Dictionary<string, GatewayNamespaceOptions> Namespaces { get; } = new(StringComparer.Ordinal);

    /// <summary>What clients and the server API publish.</summary>
    [ValidateObjectMembers]
    public GatewayPublicationsOptions Publications { get; init; } = new();

    /// <summary>Who listens, across gateways.</summary>
    [ValidateObjectMembers]
    public GatewayPresenceOptions Presence { get; init; } = new();

    /// <summary>The stop.</summary>
    [ValidateObjectMembers]
    public GatewayDrainOptions Drain { get; init; } = new();

    /// <summary>Where the other services are, for requests that come here and belong to them.</summary>
    [ValidateObjectMembers]
    public GatewayForwardOptions Forward { get; init; } = new();

    /// <summary>
    /// Directory of the dashboard's files. A relative one is looked for under the working directory, then beside the program. Default <c>wwwroot</c>.
    /// </summary>
    [Required]
    public string Dashboard { get; init; } = "wwwroot";

    /// <summary>Threads' worth of fan-out: connections are divided among so many groups. Default 0: one a processor.</summary>
    [Range(0, 64)]
    public int Shards { get; init; }

    /// <summary>Publications that may wait for a group of connections before the readers of the log wait too. Default 4096.</summary>
    [Range(16, 1_000_000)]
    public int ShardBacklog { get; init; } = 4096;

    /// <summary>Alerts kept for each tenant; beyond it the longest resolved one goes. Default 5,000.</summary>
    [Range(1, 1_000_000)]
    public int AlertsPerTenant { get; init; } = 5_000;

    /// <summary>Stream names remembered for each tenant for <c>GET /api/v1/streams</c>. Default 10,000.</summary>
    [Range(1, 1_000_000)]
    public int StreamsPerTenant { get; init; } = 10_000;
}

/// <summary>What happens to a client that does not read as fast as its channels speak.</summary>
public enum SlowClientPolicy
{
    /// <summary>Not set: never a value.</summary>
    Unset = 0,

    /// <summary>It gets the latest state of what changed instead of each change, marked <c>"mode":"aggregated"</c>, until it has caught up.</summary>
    Conflate = 1,

    /// <summary>It is disconnected with code 3008.</summary>
    Disconnect = 2,

    /// <summary>What has waited longest for it is left out. For configured namespaces only.</summary>
    DropOldest = 3,
}

/// <summary>Limits of a connection: <c>Millrace:Gateway:Connections</c>.</summary>
public sealed class GatewayConnectionOptions
{
    /// <summary>Connections of all kinds together; more are answered with 503. Default 100,000.</summary>
    [Range(1, 10_000_000)]
    public int Limit { get; init; } = 100_000;

    /// <summary>Connections of one tenant; more end with 3504. Default: no limit but <see cref="Limit"/>.</summary>
    [Range(1, 10_000_000)]
    public int? TenantLimit { get; init; }

    /// <summary>Connections of one user of a tenant, or one API key; more end with 3504. Default: no limit.</summary>
    [Range(1, 10_000_000)]
    public int? UserLimit { get; init; }

    /// <summary>Connections a second that may begin for long, twice as many at once after a pause; more are answered with 503. Default: no limit.</summary>
    [Range(1, 1_000_000)]
    public int? PerSecond { get; init; }

    /// <summary>Channels of one connection; error 106 beyond it. Default 128.</summary>
    [Range(1, 10_000)]
    public int Channels { get; init; } = 128;

    /// <summary>Largest message from a client, in bytes; larger ones end the connection with WebSocket code 1009. Default 64 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int InboundBytes { get; init; } = 64 * 1024;

    /// <summary>Commands a second that a client may send for long; faster ones end the connection with 3013. Default 50.</summary>
    [Range(1, 100_000)]
    public int CommandsPerSecond { get; init; } = 50;

    /// <summary>Commands that it may send at once, so that it can subscribe to all its channels after a reconnect. Default 512.</summary>
    [Range(1, 1_000_000)]
    public int CommandBurst { get; init; } = 512;

    /// <summary>Bytes that may wait for one client. Default 1 MiB; at the limit <see cref="SlowClients"/> applies.</summary>
    [Range(16 * 1024, 1024 * 1024 * 1024)]
    public int QueueBytes { get; init; } = 1024 * 1024;

    /// <summary>Policy at <see cref="QueueBytes"/>. Default conflate.</summary>
    [AllowedValues(SlowClientPolicy.Conflate, SlowClientPolicy.Disconnect)]
    public SlowClientPolicy SlowClients { get; init; } = SlowClientPolicy.Conflate;

    /// <summary>Kernel send buffer of a socket in bytes; <see langword="null"/> leaves it to the system. Default 256 KiB.</summary>
    [Range(4096, 64 * 1024 * 1024)]
    public int? SocketSendBufferBytes { get; init; } = 256 * 1024;

    /// <summary>Waiting messages are joined into WebSocket frames of at most about so many bytes. Default 64 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int FrameBytes { get; init; } = 64 * 1024;

    /// <summary>
    /// Whether WebSocket messages are compressed for clients that offer it (permessage-deflate), each by itself. It takes processor time for each message of a channel, not for each
    /// client. Default false.
    /// </summary>
    public bool Compression { get; init; }

    /// <summary>Time between pings (SSE: between heartbeat comments). Default 25 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.250", "01:00:00")]
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>Time for the answer to a ping; then 3012. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.250", "01:00:00")]
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the connect command; then 3502. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.250", "01:00:00")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time that an expired token still serves while the client fetches a new one; then 3005. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ExpiryGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the API key of a standing connection is checked again. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan KeyCheckInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time a write may make no progress before the connection is cut with 3008. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan WriteStallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Time for the client's half of a close handshake. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.250", "00:01:00")]
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>What is kept of each channel: <c>Millrace:Gateway:History</c>.</summary>
public sealed class GatewayHistoryOptions
{
    /// <summary>Age up to which publications are kept. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Ttl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Publications kept of one channel. Default 20,000.</summary>
    [Range(1, 10_000_000)]
    public int Count { get; init; } = 20_000;

    /// <summary>Bytes kept of one channel. Default 4 MiB.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int Bytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes kept of all channels; beyond it the oldest publications go. Default 128 MiB.</summary>
    [Range(1024 * 1024, 1L << 40)]
    public long TotalBytes { get; init; } = 128L * 1024 * 1024;

    /// <summary>Publications that one recovery may bring; with more to catch up on the client gets a snapshot. Default 5,000.</summary>
    [Range(1, 1_000_000)]
    public int RecoveryCount { get; init; } = 5_000;

    /// <summary>Bytes that one recovery may bring. Default 1 MiB.</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int RecoveryBytes { get; init; } = 1024 * 1024;

    /// <summary>Publications that a history command brings at most. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int PageCount { get; init; } = 1_000;

    /// <summary>Span of window time that a snapshot shows. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SnapshotSpan { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of a snapshot; the newest fit in. Default 256 KiB.</summary>
    [Range(1024, 16 * 1024 * 1024)]
    public int SnapshotBytes { get; init; } = 256 * 1024;

    /// <summary>How long a channel that nobody listens to is kept ready for a client that comes back. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Linger { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a recovery waits for this instance to have read as far as the client already has. Default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan CatchUpTimeout { get; init; } = TimeSpan.FromSeconds(3);
}

/// <summary>Bounds of <c>GET /api/v1/windows</c>: <c>Millrace:Gateway:Windows</c>.</summary>
public sealed class GatewayWindowsOptions
{
    /// <summary>Time since its last change for which a window is kept. Default 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan Retention { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Windows kept. Default 1,000,000; beyond it the longest unchanged ones go, counted.</summary>
    [Range(100, 100_000_000)]
    public int Count { get; init; } = 1_000_000;

    /// <summary>Bytes kept. Default 256 MiB.</summary>
    [Range(1024 * 1024, 1L << 40)]
    public long Bytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>Windows on a page. Default 1,000; <c>limit</c> asks for up to <see cref="MaxPage"/>.</summary>
    [Range(1, 100_000)]
    public int Page { get; init; } = 1_000;

    /// <summary>Largest page. Default 10,000.</summary>
    [Range(1, 100_000)]
    public int MaxPage { get; init; } = 10_000;
}

/// <summary>The feeds of single events: <c>Millrace:Gateway:Events</c>.</summary>
public sealed class GatewayEventsOptions
{
    /// <summary>Events a second of one channel that go out in full; above it a sample does, in steps of 1/10. Default 2,000.</summary>
    [Range(1, 10_000_000)]
    public int FullRate { get; init; } = 2_000;

    /// <summary>
    /// How far behind the reader may be before every feed shows a sample: a tenth beyond this, a hundredth beyond five times as much, a thousandth
    /// beyond 25 times. Default 2 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan OverloadLag { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Events of the past that a channel shows to its first listener. Default 50.</summary>
    [Range(0, 10_000)]
    public int Snapshot { get; init; } = 50;

    /// <summary>How far back it looks for them. What a returning client missed is read from the log wherever it was. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan LookBack { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Records that such a look back may read; with more the channel starts with nothing. And records that may be read for a returning client; with more it gets
    /// a snapshot. Default 200,000.
    /// </summary>
    [Range(0, 100_000_000)]
    public int LookBackRecords { get; init; } = 200_000;
}

/// <summary>The stop: <c>Millrace:Gateway:Drain</c>.</summary>
public sealed class GatewayDrainOptions
{
    /// <summary>Time between "not ready" and the first disconnect, for a load balancer to notice. Default none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;

    /// <summary>Connections that are closed a second, so that those who come back do not all come at once. Default 2,000.</summary>
    [Range(1, 1_000_000)]
    public int ConnectionsPerSecond { get; init; } = 2_000;

    /// <summary>Upper bound of the whole drain; what is left then is cut. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>Checks <see cref="GatewayOptions"/>.</summary>
[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;

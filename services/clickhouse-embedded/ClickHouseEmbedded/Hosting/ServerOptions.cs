using System.Net;
using Millrace.ClickHouse.Embedded.Engine;

namespace Millrace.ClickHouse.Embedded;

/// <summary>What the program is started with.</summary>
internal sealed record ServerOptions
{
    /// <summary>Directory of all its data; created when missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>libchdb.</summary>
    public required string LibraryPath { get; init; }

    /// <summary>The password of the user <c>millrace</c>, and what tenants' passwords are derived from.</summary>
    public required string Secret { get; init; }

    /// <summary>Address to listen on. Default loopback.</summary>
    public IPAddress ListenAddress { get; init; } = IPAddress.Loopback;

    /// <summary>Port to listen on; 0 is a free one. Default 8123.</summary>
    public int Port { get; init; } = 8123;

    /// <summary>Memory of the engine in bytes. Default 2 GiB.</summary>
    public long MaxMemoryBytes { get; init; } = 2L << 30;

    /// <summary>The metadata database with the tenants' API keys; <see langword="null"/>: there are none.</summary>
    public string? MetadataPath { get; init; }

    /// <summary>Whether the end of its standard input ends it: a child's parent holds the other end. Default true; a server of its own has no parent to follow.</summary>
    public bool WatchesParent { get; init; } = true;

    /// <summary>How long a write waits for room on a full disk; the process ends then. Default 10 s, far less than the archiver waits for an insert.</summary>
    public TimeSpan DiskPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Statements that may run at once. Default 64.</summary>
    public int MaxQueries { get; init; } = 64;

    /// <summary>Statements of all tenants together that may run at once. Default 32.</summary>
    public int MaxTenantsQueries { get; init; } = 32;

    /// <summary>Statements of one tenant that may run at once. Default 8.</summary>
    public int MaxQueriesOfATenant { get; init; } = 8;

    /// <summary>Limits of one statement of a tenant.</summary>
    public TenantLimits TenantLimits { get; init; } = new();

    /// <summary>Directory for results that are held back whole.</summary>
    public string TemporaryDirectory => Path.Combine(DataDirectory, "tmp");
}

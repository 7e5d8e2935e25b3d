namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>What the engine is started with.</summary>
internal sealed record EngineOptions
{
    /// <summary>Directory of the engine's own data.</summary>
    public required string StoreDirectory { get; init; }

    /// <summary>Directory for the configuration while the engine starts; deleted then.</summary>
    public required string ConfigurationDirectory { get; init; }

    /// <summary>A directory without files, in which everything that takes a relative path looks.</summary>
    public required string EmptyDirectory { get; init; }

    /// <summary>Memory of all queries, merges and caches together, in bytes. A query that needs more fails.</summary>
    public required long MaxMemoryBytes { get; init; }

    /// <summary>Limits of one query of a tenant.</summary>
    public TenantLimits TenantLimits { get; init; } = new();
}

/// <summary>Limits of one query of a tenant; at the limit the query fails with ClickHouse's error that names the limit.</summary>
internal sealed record TenantLimits
{
    /// <summary>Longest run. Default 30 s.</summary>
    public TimeSpan ExecutionTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Rows of the result. Default 10 million.</summary>
    public long ResultRows { get; init; } = 10_000_000;

    /// <summary>Bytes of the result in memory. Default 1 GiB.</summary>
    public long ResultBytes { get; init; } = 1L << 30;

    /// <summary>Memory of the query in bytes. Default 512 MiB.</summary>
    public long MemoryBytes { get; init; } = 512L << 20;

    /// <summary>Threads of the query. Default 2.</summary>
    public int Threads { get; init; } = 2;
}

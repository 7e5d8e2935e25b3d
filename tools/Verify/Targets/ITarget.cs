namespace Millrace.Verify.Targets;

/// <summary>The installation under examination.</summary>
internal interface ITarget : IAsyncDisposable
{
    /// <summary>What the report calls it.</summary>
    string Name { get; }

    /// <summary>Where producers and dashboards go; the same after a restart.</summary>
    Uri Url { get; }

    /// <summary>Names of the tenants that send.</summary>
    IReadOnlyList<string> Tenants { get; }

    /// <summary>What the names of all streams of this run begin with.</summary>
    string StreamPrefix { get; }

    /// <summary>A credential of a tenant with the scopes ingest and read.</summary>
    string CredentialOf(string tenant);

    /// <summary>Every line of a stream in the object store; null where the checker can't look into it.</summary>
    IAsyncEnumerable<string>? ObjectLines(string tenant, string stream);

    /// <summary>
    /// Whether its log keeps a run whole. The services' mock broker keeps 5 MiB a partition, so a gateway that was started anew may not have the first
    /// windows of a long run.
    /// </summary>
    bool KeepsLog => true;

    /// <summary>The last that its processes wrote, for a report of a failure.</summary>
    string Output { get; }
}

/// <summary>A target whose processes are the checker's own, so that it may kill them.</summary>
internal interface IOwnTarget : ITarget
{
    /// <summary>The parts that can be killed: the whole, or each service.</summary>
    IReadOnlyList<string> Parts { get; }

    /// <summary>kill -9 of a part; returns when it is gone.</summary>
    Task KillAsync(string part, CancellationToken cancellationToken);

    /// <summary>Waits until a part that was killed is started again and ready; starts it where nobody else does.</summary>
    Task ReviveAsync(string part, CancellationToken cancellationToken);
}

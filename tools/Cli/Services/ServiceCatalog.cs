namespace Millrace.Cli.Services;

/// <summary>A service that runs as a process of its own.</summary>
/// <param name="Name">As users call it.</param>
/// <param name="Program">Its program, without the ending.</param>
internal sealed record ServiceProgram(string Name, string Program);

/// <summary>The five services, in the order of their ports.</summary>
internal static class ServiceCatalog
{
    /// <summary>The service whose address is Millrace's: the others are reached through it too.</summary>
    public const string Gateway = "gateway";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<ServiceProgram> All =
    [
        new("ingest", "Millrace.Ingest.Host"),
        new("aggregator", "Millrace.Aggregator.Host"),
        new(Gateway, "Millrace.RealtimeGateway.Host"),
        new("alerting", "Millrace.Alerting.Host"),
        new("archiver", "Millrace.Archiver.Host"),
    ];
}

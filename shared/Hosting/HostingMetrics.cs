using System.Diagnostics.Metrics;

namespace Millrace.Hosting;

/// <summary>What Hosting itself counts.</summary>
internal static class HostingMetrics
{
    private static readonly Meter Meter = new("Millrace.Hosting");

    public static readonly Counter<long> WorkerFailures =
        Meter.CreateCounter<long>("millrace.worker.failures", "{failure}", "Failures of background loops, by worker.");

    public static readonly Counter<long> Authentications =
        Meter.CreateCounter<long>("millrace.auth.checks", "{check}", "Credentials checked, by outcome and kind.");

    public static readonly Counter<long> Refusals =
        Meter.CreateCounter<long>("millrace.auth.refusals", "{request}", "Requests refused for their credential, by reason.");

    public static readonly Counter<long> ConnectionsRefused =
        Meter.CreateCounter<long>("millrace.http.connections.refused", "{connection}", "Connections refused because there were as many as there may be.");

    public static readonly Counter<long> CacheEvictions =
        Meter.CreateCounter<long>("millrace.auth.cache.evictions", "{entry}", "Verdicts dropped because the cache was full.");

    public static readonly Counter<long> KeysFromMemory = Meter.CreateCounter<long>(
        "millrace.auth.keys.from_memory", "{check}", "API keys taken from memory because the metadata database did not answer.");
}

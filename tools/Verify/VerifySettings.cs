using System.Globalization;
using Millrace.Cli;
using Millrace.Verify.Faults;

namespace Millrace.Verify;

/// <summary>The command line of <c>verify</c>.</summary>
/// <param name="Target">standalone, services, or an address.</param>
/// <param name="FirstSeed">Seed of the first run.</param>
/// <param name="LastSeed">Seed of the last run.</param>
/// <param name="Seconds">How long load lasts at least.</param>
/// <param name="Rate">Events a second.</param>
/// <param name="Tenants">Tenants that send.</param>
/// <param name="Clients">Producers.</param>
/// <param name="Faults">What goes wrong meanwhile.</param>
/// <param name="Kills">Cycles of kill and restart, instead of faults.</param>
/// <param name="Report">File for the JSON report.</param>
/// <param name="Data">Where a standalone keeps its data.</param>
/// <param name="Keys">API keys, one a tenant, for an address.</param>
internal sealed record VerifySettings(
    string Target, int FirstSeed, int LastSeed, int Seconds, int Rate, int Tenants, int Clients, IReadOnlyList<IFault> Faults, int Kills, string? Report, string? Data,
    IReadOnlyList<string> Keys)
{
    /// <summary>What <c>--help</c> says.</summary>
    public static string Help =>
        $"""
        usage: ./millrace verify [options]
        Checks that an installation loses nothing and doubles nothing: sends events that follow from a seed, breaks things meanwhile, and in the end compares
        what was acknowledged with ClickHouse, the object store, the rollups, the windows, what sockets saw, and the ledger. See docs/verify.md.
          --target WHAT     standalone: one that it starts itself in a temporary directory (default)
                            services: the five services on Kafka's mock, PostgreSQL, RabbitMQ, Ceph and ClickHouse, all started by it
                            http://…: one that runs already; without faults
          --seed N | N..M   what the load and the faults follow from; a range makes a run of each   (default 1)
          --seconds N       how long load lasts at least; it lasts until all faults had their turn   (default 30)
          --rate N          events a second, all clients together                                   (default 300)
          --tenants N       tenants that send, 4 streams each                                       (default 3)
          --clients N       producers, each with one request at a time                              (default 4)
          --faults WHAT     none (default), all, or names separated by commas; a name may end in *
          --kills N         N times: kill -9, start again, go on under load; in place of --faults
          --report FILE     write everything as JSON
          --data DIR        where standalone keeps its data, such as a directory on a small tmpfs   (default: a temporary one)
          --key KEY[,KEY]   for an address: an API key with the scopes ingest and read, one a tenant (default: environment MILLRACE_KEY)
        Faults:
        {string.Join('\n', FaultCatalog.All.Select(fault => $"  {fault.Name,-34}{fault.Summary}"))}
        Exit code: 0 everything exact, 1 differences, 2 the options or this machine won't do, 3 exact, but a fault never came to pass.
        """;

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">It is wrong.</exception>
    public static VerifySettings Parse(Arguments arguments)
    {
        var target = arguments.Text("target") ?? "standalone";
        if (target is not ("standalone" or "services") && !(Uri.TryCreate(target, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            throw new UsageException($"--target takes standalone, services or an http address, not '{target}'");
        var (first, last) = Seeds(arguments.Text("seed") ?? "1");
        var settings = new VerifySettings(
            target,
            first,
            last,
            arguments.Number("seconds", 30, 1, 86_400),
            arguments.Number("rate", 300, 1, 1_000_000),
            arguments.Number("tenants", 3, 1, 100),
            arguments.Number("clients", 4, 1, 64),
            FaultCatalog.Choose(arguments.Text("faults") ?? "none"),
            arguments.Number("kills", 0, 0, 100_000),
            arguments.Text("report"),
            arguments.Text("data"),
            [.. (arguments.Text("key") ?? Environment.GetEnvironmentVariable("MILLRACE_KEY") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]);
        arguments.RefuseUnknown();
        var owned = target is "standalone" or "services";
        if (!owned && settings.Keys.Count == 0) throw new UsageException("an API key is needed for an address: --key or the environment variable MILLRACE_KEY");
        if (!owned && (settings.Faults.Count > 0 || settings.Kills > 0)) throw new UsageException("--faults and --kills need a target that verify starts itself: standalone or services");
        if (settings.Faults.Count > 0 && settings.Kills > 0) throw new UsageException("--kills stands in place of --faults: give one of them");
        if (target != "standalone" && settings.Data is not null) throw new UsageException("--data is for --target standalone");
        return settings;
    }

    private static (int First, int Last) Seeds(string text)
    {
        var parts = text.Split("..");
        if (parts.Length <= 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last >= first) return (first, last);
        throw new UsageException($"--seed takes a whole number or a range such as 1..5, not '{text}'");
    }
}

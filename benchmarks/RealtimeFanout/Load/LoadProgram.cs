using System.Diagnostics;
using System.Globalization;
using Millrace.RealtimeFanout.Servers;

namespace Millrace.RealtimeFanout.Load;

/// <summary>The load: a process of its own on the second processor.</summary>
internal static class LoadProgram
{
    public const string Verb = "load";

    // So that what a first connection and a first publication bring in for good (compiled code, threads, buffers) is not taken for memory of connections.
    private const int FirstSockets = 200;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The command line of a run.</summary>
    public static ProcessStartInfo Command(string server, ServerProcess process, Scenario scenario, int seconds) =>
        new("taskset", ["-c", "1", "dotnet", typeof(LoadProgram).Assembly.Location, Verb, server, $"{process.Port}", $"{process.Pid}", scenario.Name, $"{seconds}"])
        {
            RedirectStandardOutput = true,
        };

    public static async Task<LoadResult> RunAsync(string[] args)
    {
        var dialect = Dialect.Of(args[1]);
        var clients = new Clients(dialect, Number(args[2]));
        var server = Number(args[3]);
        var scenario = Scenario.All.Single(one => one.Name == args[4]);
        var duration = TimeSpan.FromSeconds(Number(args[5]));
        using (var first = new Traffic(dialect, clients, scenario, FirstSockets))
        {
            first.Run(First);
            first.Drain(Patience);
        }

        using var load = Process.GetCurrentProcess();
        await Task.Delay(Settle);
        var (memory, opening) = (Usage.Memory(server), Usage.CpuSeconds(server));
        using var traffic = new Traffic(dialect, clients, scenario, scenario.Sockets);
        opening = Usage.CpuSeconds(server) - opening;
        traffic.Run(WarmUp);
        traffic.Latency.Clear();
        traffic.SentLate.Clear();

        var (cpu, own, received, since) = (Usage.CpuSeconds(server), load.TotalProcessorTime, traffic.Received, Stopwatch.GetTimestamp());
        traffic.Run(duration);
        load.Refresh();
        var took = Stopwatch.GetElapsedTime(since);
        (cpu, own, received) = (Usage.CpuSeconds(server) - cpu, load.TotalProcessorTime - own, traffic.Received - received);
        memory = Usage.Memory(server) - memory;
        var result = new LoadResult
        {
            DeliveriesPerSecond = received / took.TotalSeconds,
            CpuPerMillion = cpu / received * 1e6,
            LoadCores = own / took,
            P50 = traffic.Latency.Quantile(0.5),
            P95 = traffic.Latency.Quantile(0.95),
            P99 = traffic.Latency.Quantile(0.99),
            SentLateP95 = traffic.SentLate.Quantile(0.95),
            KilobytesPerConnection = memory / 1000.0 / scenario.Sockets,
            CpuPerConnection = opening * 1000 / scenario.Sockets,
            Missing = 0,
        };
        traffic.Drain(Patience);
        return result with { Missing = traffic.Expected - traffic.Received };
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.RealtimeFanout.Load;
using Millrace.RealtimeFanout.Servers;

namespace Millrace.RealtimeFanout;

/// <summary>All rounds: in each the servers take turns, so that what else the machine does falls on all of them alike.</summary>
internal sealed class FanoutRun(Settings settings)
{

    private static readonly (string Head, Func<LoadResult, double> Value, string Format)[] Columns =
    [
        ("CPU-s/million", one => one.CpuPerMillion, "0.0"), ("p50 ms", one => one.P50, "0.0"), ("p95 ms", one => one.P95, "0.0"), ("p99 ms", one => one.P99, "0.0"),
        ("KB a connection", one => one.KilobytesPerConnection, "0.0"), ("ms to connect", one => one.CpuPerConnection, "0.00"),
        ("deliveries/s", one => one.DeliveriesPerSecond, "0"), ("load's cores", one => one.LoadCores, "0.00"), ("sent late p95", one => one.SentLateP95, "0.0"),
    ];

    private readonly Dictionary<(string Scenario, string Server), List<LoadResult>> _results = [];

    public async Task<int> RunAsync()
    {
        Say($"load average {File.ReadAllText("/proc/loadavg").Split(' ')[0]} on {Environment.ProcessorCount} processors before the run; medians of {settings.Rounds} rounds (least to most)");
        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var scenario in settings.Scenarios)
            {
                // Whoever is first in one round is last in the next.
                var turn = settings.Servers ?? Settings.AllServers;
                foreach (var server in turn.Skip(round % turn.Count).Concat(turn.Take(round % turn.Count))) await MeasureAsync(server, scenario);
            }
        }

        foreach (var scenario in settings.Scenarios) Report(scenario);
        if (settings.Json is { } file) await File.WriteAllTextAsync(file, ToJson().ToJsonString(new() { WriteIndented = true }));
        return _results.Values.SelectMany(all => all).Any(one => one.Missing != 0) ? 1 : 0;
    }

    private async Task MeasureAsync(string server, Scenario scenario)
    {
        await using var process = ServerProcess.Create(server, settings);
        if (process is null)
        {
            if (!_results.ContainsKey((scenario.Name, server))) Say($"{server} is not installed: left out (--with-peers installs it)");
            _results[(scenario.Name, server)] = [];
            return;
        }

        await process.StartAsync();
        using var load = Process.Start(LoadProgram.Command(server, process, scenario, settings.Seconds))!;
        var said = await load.StandardOutput.ReadToEndAsync();
        await load.WaitForExitAsync();
        if (load.ExitCode != 0) throw new InvalidOperationException($"The load on {server} failed.");
        var result = LoadResult.Parse(said);
        if (!_results.TryGetValue((scenario.Name, server), out var all)) _results.Add((scenario.Name, server), all = []);
        all.Add(result);
        Say($"{scenario.Name} {server}: {string.Join(", ", Columns.Select(column => $"{column.Value(result).ToString(column.Format, CultureInfo.InvariantCulture)} {column.Head}"))}"
            + (result.Missing == 0 ? "" : $", {result.Missing} MISSING"));
    }

    private void Report(Scenario scenario)
    {
        Say("");
        Say($"| {scenario.Sockets:N0} clients on {scenario.Channels} | {string.Join(" | ", Columns.Select(column => column.Head))} |");
        Say($"|---|{string.Concat(Columns.Select(_ => "---|"))}");
        foreach (var ((name, server), all) in _results.Where(entry => entry.Key.Scenario == scenario.Name && entry.Value.Count > 0))
            Say($"| {server} | {string.Join(" | ", Columns.Select(column => Summary(all.ConvertAll(one => column.Value(one)), column.Format)))} |");
    }

    private static string Summary(List<double> values, string format)
    {
        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
        values.Sort();
        return values.Count == 1 ? Text(values[0]) : $"{Text(Median(values))} ({Text(values[0])} to {Text(values[^1])})";
    }

    private static double Median(List<double> sorted) => (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;

    private JsonObject ToJson() => new()
    {
        ["at"] = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
        ["processors"] = Environment.ProcessorCount,
        ["payload_bytes"] = Dialect.PayloadBytes,
        ["runs"] = new JsonArray([.. _results.Where(entry => entry.Value.Count > 0).Select(entry => (JsonNode)new JsonObject
        {
            ["scenario"] = entry.Key.Scenario,
            ["server"] = entry.Key.Server,
            ["rounds"] = new JsonArray([.. entry.Value.Select(one => JsonNode.Parse(one.ToJson()))]),
        })]),
    };

    private static void Say(string line) => Console.WriteLine(line);
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Benchmarks.Overload;

/// <summary>The phases: warm up, quiet tenants alone, what can be sustained, the overload, and the comparison of what was accepted with what is there.</summary>
internal sealed class OverloadRun(Settings settings, Installation millrace, Processors processors)
{
    private const int QuietBatch = 10;
    private const int QuietRate = 4;
    private const int NoisyConnections = 2048;

    // Enough that it is the processors that end it and not the wait for the disk.
    private const int SustainedConnections = 256;
    private static readonly TimeSpan MeasureFor = TimeSpan.FromSeconds(10);
    private readonly JsonObject _figures = [];
    private readonly List<Sender> _quiet = [];
    private readonly Tally _acceptedNoisy = new();
    private readonly NoisySender _noisy = new(millrace.Url, processors);

    public async Task<JsonObject> RunAsync()
    {
        for (var i = 0; i < settings.Quiet; i++) _quiet.Add(new Sender(millrace.Url, $"quiet-{i}", QuietBatch));
        Say($"load average {File.ReadAllText("/proc/loadavg").Split(' ')[0]} on {Environment.ProcessorCount} processors before the run; {processors.Description}");

        var quietAll = new List<Tally>();
        await _noisy.RunAsync(20, TimeSpan.FromSeconds(5), 8, _acceptedNoisy);
        quietAll.Add(await QuietAsync(TimeSpan.FromSeconds(5)));

        var alone = await QuietAsync(MeasureFor * 2);
        quietAll.Add(alone);
        Report("quiet tenants alone", alone);

        var sustainable = await SustainableAsync();
        var before = millrace.Memory();
        Set("memory_before_mib", before.Program);

        var rate = sustainable * settings.Factor;
        Say($"overload: {rate:F0} events/s of one tenant for {settings.Seconds} s beside {settings.Quiet} quiet ones with {QuietRate * QuietBatch} events/s each");
        var over = new Tally();
        var duration = TimeSpan.FromSeconds(settings.Seconds);
        using var stop = new CancellationTokenSource();
        var watching = WatchAsync(stop.Token);
        var (cpu, cpuChild) = millrace.CpuTime();
        var loading = _noisy.RunAsync(rate / NoisySender.Batch, duration, NoisyConnections, over);
        var beside = await QuietAsync(duration);
        await loading;
        await stop.CancelAsync();
        await watching;
        quietAll.Add(beside);
        var (cpuAfter, cpuChildAfter) = millrace.CpuTime();
        Set("processors_busy_millrace", (cpuAfter - cpu) / duration);
        Set("processors_busy_clickhouse", (cpuChildAfter - cpuChild) / duration);
        Set("processors_busy_noisy_sender", _noisy.LoadOfLast);
        Report("noisy tenant", over);
        Report("quiet tenants beside it", beside);
        Set("sent_over_sustainable", (over.Events + ((over.Refused + over.Unknown) * NoisySender.Batch)) / duration.TotalSeconds / sustainable);
        Set("noisy_accepted_share", over.Events / (double)(over.Events + ((over.Refused + over.Unknown) * NoisySender.Batch)));
        Set("quiet_refused", beside.Refused);
        Set("quiet_p99_ratio", beside.Quantile(0.99) / alone.Quantile(0.99));
        Set("refusals_without_retry_after", over.WithoutRetryAfter + beside.WithoutRetryAfter);

        await CompareAsync(_acceptedNoisy.Events + over.Events, over.Unknown + beside.Unknown, quietAll.Sum(tally => tally.Events));
        await IncidentsAsync();
        foreach (var sender in _quiet) sender.Dispose();
        return _figures;
    }

    /// <summary>What can be sustained: as much as is taken in ten seconds, over the time until the last of it is in its window.</summary>
    private async Task<double> SustainableAsync()
    {
        var tally = new Tally();
        var sending = await _noisy.RunAsync(0, MeasureFor, SustainedConnections, tally);
        var taken = tally.Events / sending.TotalSeconds;
        var sent = Stopwatch.GetTimestamp();
        await AggregatedAsync(NoisySender.Token);
        var sustained = tally.Events / (sending + Stopwatch.GetElapsedTime(sent)).TotalSeconds;
        _acceptedNoisy.Add(202, (int)tally.Events, TimeSpan.Zero, null);
        Set("taken_in_events_per_second", taken);
        Set("sustainable_events_per_second", sustained);
        return sustained;
    }

    private async Task<Tally> QuietAsync(TimeSpan duration)
    {
        var tally = new Tally();
        await Task.WhenAll(_quiet.Select((sender, i) => sender.AtRateAsync(QuietRate, duration, 8, tally, (double)i / _quiet.Count)));
        return tally;
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var memory = new List<long>();
        var child = new List<long>();
        var lag = 0.0;
        var queue = new List<double>();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var (program, clickHouse) = millrace.Memory();
                memory.Add(program);
                child.Add(clickHouse);
                lag = Math.Max(lag, await millrace.MetricAsync("millrace_aggregator_lag_seconds"));
                queue.Add(await millrace.MetricAsync("dotnet_thread_pool_queue_length"));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The overload is over.
        }

        // In quarters: flat means that the last is not above the second.
        string Quarters(List<long> values) => string.Join(" ", values.Chunk(Math.Max(1, (values.Count + 3) / 4)).Select(chunk => $"{chunk.Average():F0}"));
        Set("memory_quarters_mib", Quarters(memory));
        Set("memory_peak_mib", memory.Count == 0 ? 0 : memory.Max());
        Set("clickhouse_quarters_mib", Quarters(child));
        Set("aggregator_lag_peak_s", lag);
        Set("thread_pool_queue_mean", queue.Count == 0 ? 0 : queue.Average());
    }

    private async Task CompareAsync(long noisyAccepted, long unknown, long quietAccepted)
    {
        var started = Stopwatch.GetTimestamp();
        await SettleAsync(NoisySender.Token);
        foreach (var sender in _quiet) await SettleAsync(sender.Token);
        Set("seconds_until_all_was_stored", Stopwatch.GetElapsedTime(started).TotalSeconds);
        var noisyRows = await millrace.RowsAsync(NoisySender.Token);
        var noisyReceived = (long)(await millrace.GetAsync("/api/v1/ledger", NoisySender.Token))["received"]!;
        long quietRows = 0, quietReceived = 0;
        foreach (var sender in _quiet)
        {
            quietRows += await millrace.RowsAsync(sender.Token);
            quietReceived += (long)(await millrace.GetAsync("/api/v1/ledger", sender.Token))["received"]!;
        }

        Say($"accepted / in the ledger / in ClickHouse: noisy {noisyAccepted} / {noisyReceived} / {noisyRows}, quiet {quietAccepted} / {quietReceived} / {quietRows}");
        // Of a request without an answer nobody knows whether it was accepted.
        var exact = noisyRows == noisyReceived && quietRows == quietReceived && quietRows == quietAccepted
            && noisyRows >= noisyAccepted && noisyRows <= noisyAccepted + (unknown * NoisySender.Batch);
        Set("unanswered", unknown);
        _figures["exact"] = exact;
        Say($"exact: {(exact ? "yes" : "NO")}");
    }

    private async Task SettleAsync(string token)
    {
        while ((long)(await millrace.GetAsync("/api/v1/ledger", token))["pending"]! > 0) await Task.Delay(100);
    }

    private async Task AggregatedAsync(string token)
    {
        while (true)
        {
            var ledger = await millrace.GetAsync("/api/v1/ledger", token);
            if ((long)ledger["aggregated"]! == (long)ledger["received"]!) return;
            await Task.Delay(50);
        }
    }

    private async Task IncidentsAsync()
    {
        // Steps are left five seconds after the load, one by one.
        var operators = Installation.Token("operators", isOperator: true);
        var waiting = Stopwatch.StartNew();
        JsonArray items;
        do
        {
            await Task.Delay(500);
            items = (await millrace.GetAsync("/api/v1/incidents", operators))["items"]!.AsArray();
        }
        while (items.Any(one => one!["ended_at"] is null) && waiting.Elapsed < TimeSpan.FromSeconds(40));

        foreach (var one in items)
            Say($"incident {one!["kind"]} {one["subject"]} ({one["service"]}, last step {one["step"]}): {one["started_at"]} to {one["ended_at"]?.ToString() ?? "now"}, peak {one["peak"]} {one["peak_unit"]}");
        Set("incidents", items.Count);
        Set("incidents_left_open", items.Count(one => one!["ended_at"] is null));
    }

    private void Report(string who, Tally tally)
    {
        Say($"{who}: {tally.Answers}; accepted {tally.Events} events; latency of accepted requests p50 {tally.Quantile(0.5):F1} ms, p99 {tally.Quantile(0.99):F1} ms; mean Retry-After {tally.MeanRetryAfter:F1} s");
        var name = who.Replace(' ', '_');
        Set($"{name}_p50_ms", tally.Quantile(0.5));
        Set($"{name}_p99_ms", tally.Quantile(0.99));
    }

    private void Set(string name, double value)
    {
        var rounded = Math.Round(value, 3);
        _figures[name] = double.IsFinite(rounded) ? rounded : null;
        Say($"{name}: {rounded.ToString(CultureInfo.InvariantCulture)}");
    }

    private void Set(string name, long value)
    {
        _figures[name] = value;
        Say($"{name}: {value}");
    }

    private void Set(string name, string value)
    {
        _figures[name] = value;
        Say($"{name}: {value}");
    }

    private static void Say(string line) => Console.WriteLine(line);
}

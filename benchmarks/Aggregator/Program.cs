using System.Diagnostics;
using Millrace.Aggregator.Engine;
using Millrace.Aggregator.Output;
using Millrace.Benchmarks.Aggregator;
using Millrace.Contracts.Events;

// The aggregator's engine from log entries in memory to encoded windows in memory, with duplicates, lateness and sketches on.
// Usage: [keys] [events a second of event time] [rounds of a million events] [streams: the keys are streams, not series of one]
var keys = args.Length > 0 ? int.Parse(args[0]) : 10_000;
var rate = args.Length > 1 ? int.Parse(args[1]) : 100_000;
var rounds = args.Length > 2 ? int.Parse(args[2]) : 6;
var manyStreams = args.Length > 3 && args[3] == "streams";
const int Round = 1_000_000;
const int Batch = 8_192;

var settings = new EngineSettings
{
    Streams = new Dictionary<string, StreamSettings> { ["shop"] = new() { GroupBy = ["session"u8.ToArray()], SeriesLimit = 1_000_000 } },
};
var output = new OutputBatch(0);
var engine = new PartitionAggregator(settings, new EventIdentity("benchmark"), output, PartitionAggregator.BeginAt(0), 0);
var source = new EventSource(keys, rate, manyStreams);
var process = Process.GetCurrentProcess();
var liveInterval = TimeSpan.FromMilliseconds(250);
var lastLive = Stopwatch.GetTimestamp();
long bytes = 0;
for (var round = 0; round < rounds; round++)
{
    var entries = source.Take(Round);
    GC.Collect();
    process.Refresh();
    var (cpu, wall, allocated, before) = (process.TotalProcessorTime, Stopwatch.GetTimestamp(), GC.GetTotalAllocatedBytes(true), engine.Counters);
    for (var at = 0; at < Round; at += Batch)
    {
        engine.Process(entries.AsSpan(at, Math.Min(Batch, Round - at)));
        if (Stopwatch.GetElapsedTime(lastLive) > liveInterval)
        {
            engine.EmitLive(larger: true);
            lastLive = Stopwatch.GetTimestamp();
        }

        bytes += output.Length;
        output.Clear();
    }

    process.Refresh();
    var seconds = Stopwatch.GetElapsedTime(wall).TotalSeconds;
    var used = (process.TotalProcessorTime - cpu).TotalSeconds;
    var after = engine.Counters;
    Console.WriteLine(
        $"round {round}: {used:F3} CPU-s per million ({1 / used:F2} M/s of CPU, {1 / seconds:F2} M/s of wall), "
        + $"{(GC.GetTotalAllocatedBytes(true) - allocated) / (double)Round:F1} B allocated an event, "
        + $"{after.FinalWindows - before.FinalWindows} final, {after.LiveWindows - before.LiveWindows} live, {after.Corrections - before.Corrections} corrections, "
        + $"{after.Late - before.Late} late, {after.Duplicates - before.Duplicates} duplicates; held: {engine.OpenWindows} windows, {engine.RememberedIds} ids");
}

Console.WriteLine($"{bytes / 1_000_000} MB of windows");

using System.Collections.Concurrent;
using System.Diagnostics;

namespace Millrace.Fuzz.Engine;

/// <summary>Runs a target on several threads until its inputs or its time are used up.</summary>
internal sealed class Campaign(string target, long seed, long inputs, int workers, TimeSpan time)
{
    /// <summary>An input that takes longer hangs: nothing can end it but the end of the process.</summary>
    public static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    // So many different findings are enough to begin with.
    private const int MostFindings = 25;
    private const int Chunk = 256;

    private readonly ConcurrentDictionary<string, Finding> _findings = new();
    private readonly List<TargetRun> _runs = [];
    private long _next;
    private long _tried;
    private long _hits;

    /// <summary>Different findings, the first input of each.</summary>
    public IReadOnlyCollection<Finding> Findings => [.. _findings.Values.OrderBy(finding => finding.Index)];

    /// <summary>Inputs that showed any.</summary>
    public long Hits => _hits;

    /// <summary>Inputs tried.</summary>
    public long Tried => _tried;

    /// <summary>Inputs that were accepted.</summary>
    public long Accepted => _runs.Sum(run => run.Accepted);

    /// <summary>Bytes of all inputs.</summary>
    public long Bytes => _runs.Sum(run => run.Bytes);

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Runs it.</summary>
    /// <returns>The input that hangs, if one does: the process must end.</returns>
    public Finding? Run()
    {
        var started = Stopwatch.GetTimestamp();
        var threads = new List<Thread>();
        for (var i = 0; i < workers; i++)
        {
            var run = new TargetRun(TargetList.Make(target), seed);
            _runs.Add(run);
            // Deep recursion must show with the stack that a server's threads have.
            threads.Add(new Thread(() => Work(run, started), maxStackSize: 1536 * 1024) { IsBackground = true, Name = "fuzz " + target });
        }

        foreach (var thread in threads) thread.Start();
        var hanging = Watch(threads);
        Elapsed = Stopwatch.GetElapsedTime(started);
        if (hanging is null) _runs.ForEach(run => run.Dispose());
        return hanging;
    }

    private void Work(TargetRun run, long started)
    {
        while (_findings.Count < MostFindings && Stopwatch.GetElapsedTime(started) < time)
        {
            var first = Interlocked.Add(ref _next, Chunk) - Chunk;
            if (first >= inputs) return;
            var end = Math.Min(first + Chunk, inputs);
            for (var index = first; index < end; index++)
            {
                if (run.Try(index) is not { } finding) continue;
                Interlocked.Increment(ref _hits);
                _findings.TryAdd(finding.Kind, finding);
            }

            Interlocked.Add(ref _tried, end - first);
        }
    }

    private Finding? Watch(List<Thread> threads)
    {
        foreach (var thread in threads)
        {
            while (!thread.Join(TimeSpan.FromSeconds(1)))
            {
                if (_runs.FirstOrDefault(run => run.Age > Hang) is { } run)
                    return new Finding(target, seed, run.CurrentIndex, run.Current ?? [], $"has not ended after {run.Age.TotalSeconds:0} s", "hang");
            }
        }

        return null;
    }
}

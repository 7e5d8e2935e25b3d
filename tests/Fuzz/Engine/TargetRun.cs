using System.Diagnostics;
using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Engine;

/// <summary>Tries inputs on one target, on one thread, and measures each.</summary>
internal sealed class TargetRun(Target target, long seed) : IDisposable
{
    // What is over a limit is tried again this often before it counts: the machine may have paused, and pools and caches fill once.
    private const int SecondThoughts = 3;
    private static readonly TimeSpan TimePerMegabyte = TimeSpan.FromMilliseconds(500);

    private readonly Source _source = new();
    private long _began;

    /// <summary>The input under way.</summary>
    public byte[]? Current { get; private set; }

    /// <summary>Its index.</summary>
    public long CurrentIndex { get; private set; }

    /// <summary>How long it has been under way.</summary>
    public TimeSpan Age => Volatile.Read(ref _began) is var began and not 0 ? Stopwatch.GetElapsedTime(began) : TimeSpan.Zero;

    /// <summary>Inputs that the parser accepted.</summary>
    public long Accepted { get; private set; }

    /// <summary>Bytes of all inputs.</summary>
    public long Bytes { get; private set; }

    /// <summary>The input of an index.</summary>
    public byte[] Make(long index)
    {
        _source.Start(seed, target.Name, index);
        return target.Make(_source);
    }

    /// <summary>Makes and tries the input of an index.</summary>
    public Finding? Try(long index)
    {
        CurrentIndex = index;
        Current = null;
        Volatile.Write(ref _began, Stopwatch.GetTimestamp());
        try
        {
            return Try(Make(index), index);
        }
        finally
        {
            Volatile.Write(ref _began, 0);
        }
    }

    /// <summary>Tries an input.</summary>
    public Finding? Try(byte[] input, long index)
    {
        Current = input;
        Bytes += input.Length;
        try
        {
            var accepted = Measure(input, out var time, out var allocated);
            if (accepted) Accepted++;
            target.Check(input, accepted);
            target.Clear();
            var timeLimit = target.TimeLimit + (TimePerMegabyte * (input.Length / 1e6));
            var allocationLimit = target.AllocationBase + (target.AllocationFactor * input.Length);
            for (var again = 0; again < SecondThoughts && (time > timeLimit || allocated > allocationLimit); again++)
            {
                Measure(input, out var secondTime, out var secondAllocated);
                target.Clear();
                time = secondTime < time ? secondTime : time;
                allocated = Math.Min(allocated, secondAllocated);
            }

            if (time > timeLimit) return Over($"takes {time.TotalMilliseconds:0} ms for {input.Length} bytes; at most {timeLimit.TotalMilliseconds:0} ms");
            return allocated > allocationLimit ? Over($"allocates {allocated} bytes for an input of {input.Length}; at most {allocationLimit}") : null;
        }
        catch (Exception e)
        {
            target.Clear();
            return Finding.Of(target.Name, seed, index, input, e);
        }

        Finding Over(string what) => new(target.Name, seed, index, input, what, what.Split(' ')[0]);
    }

    /// <inheritdoc/>
    public void Dispose() => target.Dispose();

    private bool Measure(byte[] input, out TimeSpan time, out long allocated)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        var accepted = target.Parse(input);
        time = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetAllocatedBytesForCurrentThread() - bytes;
        return accepted;
    }
}

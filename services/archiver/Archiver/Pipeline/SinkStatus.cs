using System.Collections.Concurrent;
using Millrace.Archiver.Progress;

namespace Millrace.Archiver.Pipeline;

/// <summary>Which lanes fail now and why: for the health checks. Thread-safe.</summary>
internal sealed class SinkStatus
{
    private readonly ConcurrentDictionary<(string Sink, int Partition), string> _failures = new();

    /// <summary>The lane stored a cut, or has gone to another instance.</summary>
    public void Forget(LaneId lane) => _failures.TryRemove((lane.Sink, lane.Partition), out _);

    /// <summary>The lane failed and tries again.</summary>
    public void Failed(LaneId lane, string reason) => _failures[(lane.Sink, lane.Partition)] = reason;

    /// <summary>Why a sink fails now; <see langword="null"/> when it does not.</summary>
    public string? FailureOf(string sink) => _failures.Where(failure => failure.Key.Sink == sink).Select(failure => failure.Value).FirstOrDefault();
}

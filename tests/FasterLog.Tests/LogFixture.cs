using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Adapters.FasterLog;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Hosting.Incidents;
using Millrace.Testing;

namespace Millrace.FasterLog.Tests;

/// <summary>Opens logs with small files in a directory of a test's own.</summary>
internal sealed class LogFixture : IDisposable
{
    private readonly EventLogMetrics _metrics = new();

    /// <summary>Where the log lies.</summary>
    public TempDirectory Directory { get; } = new();

    /// <summary>Pages of 64 KiB in files of 256 KiB, so that a test crosses many of both.</summary>
    public EventLogOptions Options(Action<EventLogOptions>? change = null)
    {
        var options = new EventLogOptions
        {
            Directory = Directory.File("log"),
            Partitions = 4,
            PageBytes = 1 << 16,
            SegmentBytes = 1 << 18,
            IndexBytes = 1 << 14,
            CheckpointBytes = 1 << 18,
        };
        change?.Invoke(options);
        return options;
    }

    public FasterEventLog Open(Action<EventLogOptions>? change = null, TimeProvider? time = null, IDiskIo? disk = null, IncidentLog? incidents = null) =>
        FasterEventLog.Open(Options(change), time ?? TimeProvider.System, _metrics, NullLogger<FasterEventLog>.Instance, disk, incidents);

    public void Dispose()
    {
        _metrics.Dispose();
        Directory.Dispose();
    }
}

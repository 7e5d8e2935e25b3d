using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Reading;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Adapters.FasterLog.Topics;
using Millrace.Hosting.Incidents;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog;

/// <summary>The event log in the files of one directory.</summary>
internal sealed partial class FasterEventLog : IEventLog, IDisposable
{
    private const string TopicFolder = "topics";
    private const int MaxGroupName = 100;

    private readonly LogContext _context;
    private readonly string _directory;
    private readonly DirectoryOwner _owner;
    private readonly Lock _gate = new();
    private readonly ITimer _maintenance;
    private volatile Dictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private volatile bool _disposed;

    private FasterEventLog(string directory, DirectoryOwner owner, LogContext context)
    {
        _directory = directory;
        _owner = owner;
        _context = context;
        _maintenance = context.Time.CreateTimer(
            static s => ((FasterEventLog)s!).Maintain(), this, context.Options.MaintenanceInterval, context.Options.MaintenanceInterval);
    }

    /// <summary>Open topics.</summary>
    public IReadOnlyCollection<Topic> Topics => _topics.Values;

    /// <summary>Takes the directory and opens the topics that it holds.</summary>
    /// <exception cref="EventLogException">The directory is in use, or its content is damaged.</exception>
    public static FasterEventLog Open(
        EventLogOptions options, TimeProvider time, EventLogMetrics metrics, ILogger<FasterEventLog> logger, IDiskIo? disk = null, IncidentLog? incidents = null)
    {
        var directory = Path.GetFullPath(options.Directory);
        var owner = DirectoryOwner.Take(directory);
        var log = new FasterEventLog(directory, owner, new LogContext(options, disk ?? DiskIo.Instance, time, metrics, logger, incidents));
        try
        {
            log.OpenExisting();
            metrics.Watch(log);
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask AppendAsync(
        string topic, ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken)
    {
        try
        {
            return TopicOf(topic).AppendAsync(records, positions, cancellationToken);
        }
        catch (EventLogException e)
        {
            return ValueTask.FromException(e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ILogConsumer> OpenConsumerAsync(string topic, LogConsumerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Group is { } group) CheckGroup(group);
        return await TopicOf(topic).OpenConsumerAsync(options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<TopicInfo> DescribeAsync(string topic, CancellationToken cancellationToken) => new(TopicOf(topic).Describe());

    /// <inheritdoc/>
    public ValueTask<long> FindOffsetAsync(string topic, int partition, long appendedAtMs, CancellationToken cancellationToken) =>
        new(OffsetFinder.Find(TopicOf(topic), partition, appendedAtMs));

    /// <inheritdoc/>
    public int PartitionOf(ReadOnlySpan<byte> key, int partitions) => KeyHash.Partition(key, partitions);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<int, long>> GetCommittedAsync(string topic, string group, CancellationToken cancellationToken)
    {
        CheckGroup(group);
        return new(TopicOf(topic).Committed(group));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Finishes what is queued, closes the files and lets the directory go.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
        }
        _maintenance.Dispose();
        _context.Metrics.Forget(this);
        foreach (var topic in _topics.Values) topic.Dispose();
        _owner.Dispose();
    }

    private void OpenExisting()
    {
        var folder = Path.Combine(_directory, TopicFolder);
        if (!Directory.Exists(folder)) return;
        foreach (var topic in Directory.EnumerateDirectories(folder).Where(TopicFile.Exists)) TopicOf(Path.GetFileName(topic));
    }

    private Topic TopicOf(string name)
    {
        if (_topics.TryGetValue(name, out var topic)) return topic;
        if (!TopicName().IsMatch(name)) throw new ArgumentException($"'{name}' is not a topic's name: small letters, digits, '.', '_' and '-'.", nameof(name));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_topics.TryGetValue(name, out topic)) return topic;
            topic = Topic.Open(name, Path.Combine(_directory, TopicFolder, name), _context);
            _topics = new Dictionary<string, Topic>(_topics, StringComparer.Ordinal) { [name] = topic };
            return topic;
        }
    }

    private void Maintain()
    {
        foreach (var topic in _topics.Values) topic.RequestMaintenance();
    }

    private static void CheckGroup(string group)
    {
        if (group.Length is 0 or > MaxGroupName || Uri.EscapeDataString(group).Length > 2 * MaxGroupName)
            throw new ArgumentException($"A group's name has 1 to {MaxGroupName} plain characters.", nameof(group));
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,99}$", RegexOptions.CultureInvariant)]
    private static partial Regex TopicName();
}

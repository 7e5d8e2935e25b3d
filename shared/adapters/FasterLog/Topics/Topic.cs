using Microsoft.Extensions.Logging;
using Millrace.Adapters.FasterLog.Groups;
using Millrace.Adapters.FasterLog.Reading;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Adapters.FasterLog.Writing;
using Millrace.Hosting.Incidents;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>What the topics of a log share.</summary>
internal sealed record LogContext(EventLogOptions Options, IDiskIo Disk, TimeProvider Time, EventLogMetrics Metrics, ILogger Logger, IncidentLog? Incidents);

/// <summary>One topic: its files, partitions, groups, readers and writer.</summary>
internal sealed partial class Topic : IDisposable
{
    private const string GroupFolder = "groups";
    private const int MaxDamages = 100;

    private readonly LogContext _context;
    private readonly string _directory;
    private readonly TopicFile _file;
    private readonly TopicSettings _settings;
    private readonly LogGeometry _geometry;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ConsumerGroup> _groups = new(StringComparer.Ordinal);
    private readonly TopicWriter _writer;
    private volatile LogConsumer[] _consumers = [];
    private volatile Damage[] _damages = [];
    private volatile LogStore _store;
    private volatile bool _disposed;

    private Topic(string name, string directory, LogContext context)
    {
        Name = name;
        _context = context;
        _directory = directory;
        _settings = context.Options.For(name);
        _file = TopicFile.OpenOrCreate(directory, name, _settings, context.Options, context.Disk);
        if (_file.Partitions != _settings.Partitions) Log.PartitionsFixed(context.Logger, name, _file.Partitions, _settings.Partitions);
        _geometry = new LogGeometry(_file.PageBytes, _file.SegmentBytes, context.Options.MemoryPages);
        Partitions = [.. Enumerable.Range(0, _file.Partitions).Select(_ => new Partition())];
        Index = new SparseIndex(context.Options.IndexBytes);
        Batch = new BatchWriter(Partitions, Index, _geometry, context.Time);
        foreach (var group in GroupFile.List(GroupDirectory)) _groups[group] = OpenGroup(group);
        _store = Recover(long.MaxValue);
        _writer = new TopicWriter(this, context.Options.MaxQueuedBytes);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its partitions.</summary>
    public Partition[] Partitions { get; }

    /// <summary>From offset and time to address.</summary>
    public SparseIndex Index { get; }

    /// <summary>For the writer's thread.</summary>
    public BatchWriter Batch { get; }

    /// <summary>Where records are read from; replaced when the topic recovers from a failed disk.</summary>
    public LogStore Store => _store;

    /// <summary>The clock.</summary>
    public TimeProvider Time => _context.Time;

    /// <summary>Why appends fail now, or <see langword="null"/> when they do not.</summary>
    public string? Trouble => Volatile.Read(ref _broken)?.Message;

    /// <summary>Damage that was met since the start.</summary>
    public IReadOnlyList<Damage> Damages => _damages;

    /// <summary>Whether readers go on behind damage.</summary>
    public bool SkipsDamage => _context.Options.OnDamage == DamagePolicy.Skip;

    private string GroupDirectory => Path.Combine(_directory, GroupFolder);

    /// <summary>Opens a topic, or creates it.</summary>
    public static Topic Open(string name, string directory, LogContext context)
    {
        try
        {
            return new Topic(name, directory, context);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EventLogException($"Topic {name} in {directory} could not be opened: {e.Message}", retryable: true, e);
        }
        catch (FASTER.core.FasterException e)
        {
            throw new EventLogException($"Topic {name} in {directory} is damaged and could not be opened: {e.Message}", retryable: false, e);
        }
    }

    /// <summary>Appends; see the port.</summary>
    public ValueTask AppendAsync(ReadOnlyMemory<LogRecord> records, Memory<LogPosition> positions, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        if (records.IsEmpty) return ValueTask.CompletedTask;
        if (!positions.IsEmpty && positions.Length < records.Length)
            throw new ArgumentException($"There is room for {positions.Length} positions of {records.Length} records.", nameof(positions));
        var bytes = AppendLimits.Measure(Name, records.Span);
        return _writer.AppendAsync(AppendOperation.Rent(records, positions, bytes), cancellationToken);
    }

    /// <summary>Epoch and bounds.</summary>
    public TopicInfo Describe() => new(Name, _file.Epoch, [.. Partitions.Select((p, number) => p.Info(number))]);

    /// <summary>A group's durable positions.</summary>
    public IReadOnlyDictionary<int, long> Committed(string group)
    {
        lock (_gate)
        {
            var committed = new Dictionary<int, long>();
            if (!_groups.TryGetValue(group, out var known)) return committed;
            for (var p = 0; p < Partitions.Length; p++)
            {
                if (known.Committed(p) is { } offset) committed[p] = offset;
            }
            return committed;
        }
    }

    /// <summary>Has retention run and the index saved soon.</summary>
    public void RequestMaintenance() => _writer.RequestMaintenance();

    /// <summary>The consumers that are open.</summary>
    public IReadOnlyList<LogConsumer> Consumers => _consumers;

    /// <summary>Opens a consumer.</summary>
    public async ValueTask<LogConsumer> OpenConsumerAsync(LogConsumerOptions options, CancellationToken cancellationToken)
    {
        var group = options.Group is null ? null : Join(options.Group);
        try
        {
            var starts = await ConsumerStart.ResolveAsync(this, group, options, cancellationToken);
            group?.Begin(starts);
            var consumer = new LogConsumer(this, group, starts, options.MaxBatchBytes);
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, typeof(FasterEventLog));
                _consumers = [.. _consumers, consumer];
            }
            return consumer;
        }
        catch
        {
            group?.Leave();
            throw;
        }
    }

    /// <summary>A consumer has been disposed.</summary>
    public void Remove(LogConsumer consumer)
    {
        lock (_gate) _consumers = [.. _consumers.Where(c => c != consumer)];
    }

    /// <summary>Notes a damaged part, and tells it the first time.</summary>
    /// <returns>What was told.</returns>
    public Damage Meet(Damage damage)
    {
        lock (_gate)
        {
            if (_damages.FirstOrDefault(known => known.From == damage.From) is { } told) return told;
            if (_damages.Length == MaxDamages) return damage;
            _damages = [.. _damages, damage];
        }

        _context.Metrics.Damaged(Name);
        var place = damage.PlaceIn(_directory, _geometry);
        Log.Damaged(_context.Logger, Name, damage.From, damage.To, place, damage.Lost);
        _context.Incidents?.Record(new IncidentReport("log", IncidentKinds.LogDamaged, $"{Name}/{damage.From}", "", $"Not what was written: {place}. Lost: {damage.Lost}."));
        return damage;
    }

    /// <summary>What a reader is told that meets damage and may not pass it.</summary>
    public EventLogException Explain(Damage damage, Exception cause) => new(
        $"{Name} is damaged in {damage.PlaceIn(_directory, _geometry)}: {damage.Lost} can't be read. Restore the file, or set Millrace:EventLog:OnDamage to Skip to go on without. {cause.Message}",
        retryable: false,
        cause);

    /// <summary>Finishes what is queued, saves the index and closes the files.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
        }
        _writer.Dispose();
        foreach (var consumer in _consumers) consumer.Close();
        if (_broken is null) Guard(SaveCheckpoint);
        _store.Dispose();
        lock (_gate)
        {
            foreach (var group in _groups.Values) group.Dispose();
        }
    }

    private ConsumerGroup Join(string name)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(FasterEventLog));
            if (!_groups.TryGetValue(name, out var group)) _groups[name] = group = OpenGroup(name);
            return group.TryJoin()
                ? group
                : throw new EventLogException($"Group '{name}' already has a consumer of {Name}; the embedded log has one member a group.", retryable: false);
        }
    }

    private ConsumerGroup OpenGroup(string name) =>
        ConsumerGroup.Open(GroupDirectory, Name, name, _file.Partitions, _context.Disk, _context.Time);
}

using System.Text;
using Millrace.Adapters.FasterLog;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Ports.EventLog;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// The embedded log as a whole: its files are damaged, and it is opened, read, written to and opened again. Whatever was done to them, it serves
/// nothing that was not appended there, or says that it is damaged; and what it serves stays the same from one start to the next.
/// </summary>
internal sealed class LogRecoveryTarget : Target
{
    private const string Last = "after";

    private readonly EventLogMetrics _metrics = new();
    private string? _directory;
    private LogTemplate? _template;
    private Outcome _first = Outcome.None;
    private Outcome _second = Outcome.None;
    private LogPosition? _added;
    private bool _recordsTouched;

    public override string Name => "log-recovery";

    /// <summary>An input is two starts of a log with threads and files of its own.</summary>
    public override double Share => 0.005;

    public override TimeSpan TimeLimit => TimeSpan.FromSeconds(5);

    public override long AllocationBase => 64L << 20;

    public override byte[] Make(Source source)
    {
        var input = new List<byte> { (byte)source.Below(4) };
        for (var count = source.Once(4) ? source.Between(2, 6) : source.Once(30) ? 0 : 1; count > 0; count--) input.AddRange(FileDamage.Make(source));
        return [.. input];
    }

    public override bool Parse(byte[] input)
    {
        var directory = Prepare(input);
        var policy = input.Length > 0 && (input[0] & 1) != 0 ? DamagePolicy.Stop : DamagePolicy.Skip;
        _added = null;
        _first = OpenAsync(directory, policy, append: true).GetAwaiter().GetResult();
        _second = _first.Refusal is null ? OpenAsync(directory, policy, append: false).GetAwaiter().GetResult() : _first;
        return _first.Refusal is null;
    }

    public override void Check(byte[] input, bool accepted)
    {
        var template = _template!;
        foreach (var (position, text) in _first.Records)
        {
            Require.That(template.Appended.TryGetValue(position, out var appended), $"a record at {position} that was never appended");
            Require.That(text == appended, $"another record at {position} than the one that was appended");
        }

        foreach (var commit in _first.Committed) Require.That(template.Commits.Contains((commit.Key, commit.Value)), $"a commit of {commit} that was never made");
        if (!_recordsTouched && accepted) Require.Same(template.Appended.Count, _first.Records.Count, "the number of records, though no file of records was touched,");
        if (!accepted) return;
        Require.That(_second.Refusal is null, $"opened once, and not again: {_second.Refusal}");
        if (_added is not { } added) return;
        // Several files that all go back to before a record leave nobody who knows of it.
        Require.That(input.Length > 1 + FileDamage.Size || !template.Appended.ContainsKey(added), $"the offset {added} given out twice");
        var expected = new Dictionary<LogPosition, string>(_first.Records) { [added] = LogTemplate.TextOf("a"u8, Encoding.UTF8.GetBytes(Last)) };
        var lost = expected.Keys.Except(_second.Records.Keys).ToList();
        Require.That(lost.Count == 0, $"{lost.Count} records of the first start are not there at the second: {string.Join(", ", lost.Take(3))} (added {added})");
        Require.Same(expected.Count, _second.Records.Count, "the number of records at the second start");
        foreach (var (position, text) in _second.Records) Require.That(expected.GetValueOrDefault(position) == text, $"another record at {position} at the second start");
    }

    public override void Dispose()
    {
        base.Dispose();
        _metrics.Dispose();
        if (_directory is not null) Directory.Delete(_directory, recursive: true);
        _directory = null;
    }

    private string Prepare(byte[] input)
    {
        // In memory where the machine has such a place: what is tried is what is read, not the disk.
        _directory ??= Directory.Exists("/dev/shm") ? Directory.CreateDirectory($"/dev/shm/millrace-fuzz-{Guid.NewGuid():N}").FullName : Directory.CreateTempSubdirectory("millrace-fuzz-").FullName;
        _template ??= LogTemplate.Write(Path.Combine(_directory, "template"), _metrics);
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, bytes) in _template.Files) files[name] = bytes;
        for (var at = 1; at + FileDamage.Size <= input.Length; at += FileDamage.Size) FileDamage.Of(input.AsSpan(at)).Apply(files, _template.Earlier);
        // Without its positions a group keeps nothing from being given out anew; without the index the whole log is scanned.
        _recordsTouched = _template.Files.Any(file => file.Key.StartsWith("log.", StringComparison.Ordinal) && !ReferenceEquals(files.GetValueOrDefault(file.Key), file.Value))
            || files.Keys.Any(name => !_template.Files.ContainsKey(name));
        var directory = Path.Combine(_directory, "log");
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        var topic = Path.Combine(directory, "topics", LogTemplate.Topic);
        Directory.CreateDirectory(topic);
        foreach (var (name, bytes) in files)
        {
            var path = Path.Combine(topic, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }

        return directory;
    }

    private async Task<Outcome> OpenAsync(string directory, DamagePolicy policy, bool append)
    {
        var records = new Dictionary<LogPosition, string>();
        try
        {
            await using var log = LogTemplate.Open(directory, policy, _metrics);
            var committed = await log.GetCommittedAsync(LogTemplate.Topic, LogTemplate.Group, default);
            await ReadAsync(log, records);
            if (append)
            {
                var position = new LogPosition[1];
                await log.AppendAsync(LogTemplate.Topic, new[] { new LogRecord("a"u8.ToArray(), Encoding.UTF8.GetBytes(Last)) }, position, default);
                _added = position[0];
            }

            return new Outcome(records, committed, null);
        }
        catch (EventLogException e)
        {
            Require.That(e.Message.Length < 3000, $"a message of {e.Message.Length} characters");
            return Outcome.None with { Records = records, Refusal = e.Message };
        }
    }

    private static async Task ReadAsync(FasterEventLog log, Dictionary<LogPosition, string> records)
    {
        var last = new Dictionary<int, long>();
        await using var consumer = await log.OpenConsumerAsync(LogTemplate.Topic, new LogConsumerOptions(), default);
        while (await consumer.ReadAsync(TimeSpan.Zero, default) is { } batch)
        {
            using (batch)
            {
                foreach (var entry in batch.Entries)
                {
                    Require.That(entry.Offset > last.GetValueOrDefault(batch.Partition, -1), $"offset {entry.Offset} of partition {batch.Partition} after {last.GetValueOrDefault(batch.Partition)}");
                    last[batch.Partition] = entry.Offset;
                    records.Add(new LogPosition(batch.Partition, entry.Offset), LogTemplate.TextOf(entry.Key.Span, entry.Value.Span));
                }
            }
        }
    }

    /// <summary>What came of opening and reading.</summary>
    /// <param name="Records">Served, up to where it was refused.</param>
    /// <param name="Committed">Positions of the group.</param>
    /// <param name="Refusal">What the log says is wrong.</param>
    private sealed record Outcome(Dictionary<LogPosition, string> Records, IReadOnlyDictionary<int, long> Committed, string? Refusal)
    {
        public static readonly Outcome None = new([], new Dictionary<int, long>(), null);
    }
}

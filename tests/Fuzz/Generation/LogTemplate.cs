using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Adapters.FasterLog;
using Millrace.Ports.EventLog;
using Millrace.Testing;

namespace Millrace.Fuzz.Generation;

/// <summary>
/// A small log of the embedded adapter as files, at two points of its life: the earlier ones stand for writes that never reached the disk.
/// Its clock stands still and each append waits for the one before, so that the same bytes come of it every time.
/// </summary>
internal sealed class LogTemplate
{
    /// <summary>The one topic.</summary>
    public const string Topic = "fuzz";

    /// <summary>A group that reads it.</summary>
    public const string Group = "reader";

    private const int Records = 160;
    private static readonly string[] _keys = ["a", "b", "c", "d", "e"];

    private readonly Dictionary<LogPosition, string> _records = [];
    private readonly List<(int Partition, long Next)> _commits = [];

    private LogTemplate()
    {
    }

    /// <summary>Contents of the files by name, as the log left them.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; private set; } = new Dictionary<string, byte[]>();

    /// <summary>The same files, half way before.</summary>
    public IReadOnlyDictionary<string, byte[]> Earlier { get; private set; } = new Dictionary<string, byte[]>();

    /// <summary>What was appended: key and value.</summary>
    public IReadOnlyDictionary<LogPosition, string> Appended => _records;

    /// <summary>Every position that the group ever committed.</summary>
    public IReadOnlyCollection<(int Partition, long Next)> Commits => _commits;

    /// <summary>Pages of 64 KiB in files of 128 KiB: the least that the log takes.</summary>
    public static EventLogOptions Options(string directory, DamagePolicy onDamage) => new()
    {
        Directory = directory,
        Partitions = 3,
        PageBytes = 1 << 16,
        MemoryPages = 8,
        SegmentBytes = 1 << 17,
        IndexBytes = 1 << 13,
        CheckpointBytes = 1 << 16,
        OnDamage = onDamage,
    };

    /// <summary>Opens the log of a directory.</summary>
    public static FasterEventLog Open(string directory, DamagePolicy onDamage, EventLogMetrics metrics) =>
        FasterEventLog.Open(Options(directory, onDamage), new ManualTimeProvider(), metrics, NullLogger<FasterEventLog>.Instance);

    /// <summary>What a record is compared by.</summary>
    public static string TextOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => $"{Encoding.UTF8.GetString(key)}={Encoding.UTF8.GetString(value)}";

    /// <summary>Writes one into an empty directory.</summary>
    public static LogTemplate Write(string directory, EventLogMetrics metrics)
    {
        var template = new LogTemplate();
        using (var log = Open(directory, DamagePolicy.Stop, metrics)) template.AppendAsync(log, 0, Records / 2).GetAwaiter().GetResult();
        template.Earlier = Take(directory);
        using (var log = Open(directory, DamagePolicy.Stop, metrics)) template.AppendAsync(log, Records / 2, Records).GetAwaiter().GetResult();
        template.Files = Take(directory);
        return template;
    }

    private static Dictionary<string, byte[]> Take(string directory)
    {
        var topic = Path.Combine(directory, "topics", Topic);
        return Directory.EnumerateFiles(topic, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .ToDictionary(path => Path.GetRelativePath(topic, path), File.ReadAllBytes, StringComparer.Ordinal);
    }

    private async Task AppendAsync(FasterEventLog log, int first, int end)
    {
        var position = new LogPosition[1];
        for (var i = first; i < end; i++)
        {
            // Mostly small ones, some as large as an entry, and some that take several.
            var length = i % 40 == 39 ? 20_000 : i % 10 == 9 ? 7_000 : 40 + (i % 7 * 90);
            var record = new LogRecord(Encoding.UTF8.GetBytes(_keys[i % _keys.Length]), Encoding.UTF8.GetBytes($"{i}:{new string((char)('A' + (i % 26)), length)}"));
            await log.AppendAsync(Topic, new[] { record }, position, default);
            _records[position[0]] = TextOf(record.Key.Span, record.Value.Span);
        }

        await using var consumer = await log.OpenConsumerAsync(Topic, new LogConsumerOptions { Group = Group }, default);
        while (await consumer.ReadAsync(TimeSpan.Zero, default) is { } batch)
        {
            using (batch)
            {
                await consumer.CommitAsync(batch.Partition, batch.NextOffset, default);
                _commits.Add((batch.Partition, batch.NextOffset));
            }
        }
    }
}

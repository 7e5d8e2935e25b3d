using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Adapters.FasterLog.Format;
using Millrace.Adapters.FasterLog.Groups;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>What is fixed when a topic is created, in its file <c>topic.json</c>.</summary>
/// <param name="Version">Of the format.</param>
/// <param name="Epoch">Tells the topic from another of its name.</param>
/// <param name="Partitions">How many it has.</param>
/// <param name="PageBytes">Bytes of a page.</param>
/// <param name="SegmentBytes">Bytes of a file.</param>
/// <param name="Check">
/// CRC-32C of the others, in hexadecimal: with one digit of theirs changed the log would be read as another. Absent in files that were written before
/// there was one.
/// </param>
internal sealed record TopicFile(int Version, string Epoch, int Partitions, int PageBytes, long SegmentBytes, string? Check = null)
{
    private const string FileName = "topic.json";
    private const int CurrentVersion = 1;

    /// <summary>Reads a topic's file, or creates the topic.</summary>
    public static TopicFile OpenOrCreate(string directory, string topic, TopicSettings settings, EventLogOptions options, IDiskIo disk)
    {
        var path = Path.Combine(directory, FileName);
        if (File.Exists(path)) return Read(path, topic);
        if (Directory.Exists(directory) && SegmentDevice.List(directory).Count > 0)
            throw new EventLogException($"Topic {topic} in {directory} has records but no {FileName}: restore that file, or remove the folder.", retryable: false);
        var created = new TopicFile(
            CurrentVersion, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), settings.Partitions, options.PageBytes, options.SegmentBytes);
        created = created with { Check = created.Sum() };
        Directory.CreateDirectory(directory);
        AtomicFile.Write(disk, path, JsonSerializer.SerializeToUtf8Bytes(created, TopicFileJson.Default.TopicFile));
        var parent = Path.GetDirectoryName(directory)!;
        disk.SyncDirectory(parent);
        disk.SyncDirectory(Path.GetDirectoryName(parent)!);
        return created;
    }

    /// <summary>Whether a folder holds a topic.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, FileName));

    private bool IsPossible =>
        Epoch is { Length: > 0 } && Partitions is > 0 and <= GroupFile.MaxPartitions && PageBytes is >= 1 << 16 and <= 1 << 26 && BitOperations.IsPow2(PageBytes)
        && SegmentBytes >= 2L * PageBytes && SegmentBytes <= 1L << 36 && BitOperations.IsPow2(SegmentBytes);

    private string Sum() =>
        Crc32C.Compute(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Version} {Epoch} {Partitions} {PageBytes} {SegmentBytes}"))).ToString("x8", CultureInfo.InvariantCulture);

    private static TopicFile Read(string path, string topic)
    {
        try
        {
            var file = JsonSerializer.Deserialize(File.ReadAllBytes(path), TopicFileJson.Default.TopicFile);
            if (file is { Version: CurrentVersion })
            {
                return file.IsPossible && (file.Check is null || file.Check == file.Sum())
                    ? file
                    : throw new EventLogException($"Topic {topic}: {path} is damaged: it holds what was never written there. Restore it.", retryable: false);
            }
        }
        catch (JsonException e)
        {
            throw new EventLogException($"Topic {topic}: {path} is damaged: {e.Message}", retryable: false, e);
        }
        throw new EventLogException($"Topic {topic}: {path} is not of a version that this program reads.", retryable: false);
    }
}

/// <summary>JSON of <see cref="TopicFile"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TopicFile))]
internal sealed partial class TopicFileJson : JsonSerializerContext;

using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Adapters.FasterLog.Storage;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>What is fixed when a topic is created, in its file <c>topic.json</c>.</summary>
internal sealed record TopicFile(int Version, string Epoch, int Partitions, int PageBytes, long SegmentBytes)
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
        Directory.CreateDirectory(directory);
        AtomicFile.Write(disk, path, JsonSerializer.SerializeToUtf8Bytes(created, TopicFileJson.Default.TopicFile));
        var parent = Path.GetDirectoryName(directory)!;
        disk.SyncDirectory(parent);
        disk.SyncDirectory(Path.GetDirectoryName(parent)!);
        return created;
    }

    /// <summary>Whether a folder holds a topic.</summary>
    public static bool Exists(string directory) => File.Exists(Path.Combine(directory, FileName));

    private static TopicFile Read(string path, string topic)
    {
        try
        {
            var file = JsonSerializer.Deserialize(File.ReadAllBytes(path), TopicFileJson.Default.TopicFile);
            if (file is { Version: CurrentVersion, Partitions: > 0 }) return file;
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

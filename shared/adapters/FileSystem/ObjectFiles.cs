using System.Text.Json;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.FileSystem;

/// <summary>Reads the files of objects.</summary>
internal static class ObjectFiles
{
    private const string MetadataMark = "%m";

    /// <summary>Path of the metadata of an object that was stored at a time.</summary>
    public static string MetadataOf(string path, DateTime storedAt) => $"{path}{MetadataMark}{storedAt.Ticks:x}";

    /// <summary>An object with its metadata, or null.</summary>
    public static ObjectInfo? Read(string path, string key)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return null;
        var beside = MetadataOf(path, file.LastWriteTimeUtc);
        if (!File.Exists(beside))
        {
            // A copy that was restored without its time still has one metadata file.
            var all = AllMetadataOf(path);
            beside = all is [var only] ? only : null;
        }

        try
        {
            var stored = beside is null ? null : JsonSerializer.Deserialize(File.ReadAllBytes(beside), MetadataJson.Default.StoredMetadata);
            return Describe(file, key) with { Metadata = stored?.Metadata ?? new Dictionary<string, string>() };
        }
        catch (FileNotFoundException)
        {
            return null; // Deleted this very moment.
        }
    }

    /// <summary>An object as a listing shows it.</summary>
    public static ObjectInfo Describe(FileInfo file, string key) =>
        new(key, file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero), null);

    /// <summary>Removes an object and all metadata beside it, durably. False when its directory is not there.</summary>
    public static bool Delete(string path)
    {
        try
        {
            // The object goes first: metadata without an object means nothing, an object without metadata would be damaged.
            File.Delete(path);
            foreach (var metadata in AllMetadataOf(path))
                File.Delete(metadata);
            Posix.SyncDirectory(Path.GetDirectoryName(path)!);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return false; // There never was such an object, or the last one has just been removed.
        }
    }

    /// <summary>Removes a file that may be gone already, with its directory.</summary>
    public static void DeleteQuietly(string path)
    {
        if (File.Exists(path))
            File.Delete(path);
    }

    private static string[] AllMetadataOf(string path)
    {
        var prefix = Path.GetFileName(path) + MetadataMark;
        try
        {
            // Not a search pattern: '*' and '?' may stand in a key.
            return [.. Directory.EnumerateFiles(Path.GetDirectoryName(path)!)
                .Where(file => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}

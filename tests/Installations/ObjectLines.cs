using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Millrace.Installations;

/// <summary>Reads the archive in the object store as a lake's reader would: every raw object, every line.</summary>
internal static class ObjectLines
{
    public const string Extension = ".ndjson.gz";

    /// <summary>Ids of all lines of a stream.</summary>
    public static async Task<List<string>> ObjectIdsAsync(this IMillrace millrace, string tenant, string stream)
    {
        var ids = new List<string>();
        await foreach (var line in millrace.ObjectLinesAsync(tenant, stream)) ids.Add((string)JsonNode.Parse(line)!["id"]!);
        return ids;
    }

    /// <summary>The lines of a stream in an object store that is a directory.</summary>
    public static async IAsyncEnumerable<string> OfDirectoryAsync(string root, string tenant, string stream)
    {
        if (!Directory.Exists(root)) yield break;
        var marker = $"{Path.DirectorySeparatorChar}tenant={tenant}{Path.DirectorySeparatorChar}stream={stream}{Path.DirectorySeparatorChar}";
        foreach (var file in Directory.EnumerateFiles(root, "*" + Extension, SearchOption.AllDirectories))
        {
            if (!file.Contains(marker, StringComparison.Ordinal)) continue;
            await foreach (var line in ReadAsync(File.OpenRead(file))) yield return line;
        }
    }

    /// <summary>The lines of one object, which is closed at the end.</summary>
    public static async IAsyncEnumerable<string> ReadAsync(Stream compressed)
    {
        await using var gzip = new GZipStream(compressed, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        while (await reader.ReadLineAsync() is { } line) yield return line;
    }
}

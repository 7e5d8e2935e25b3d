using System.IO.Compression;
using System.Text.Json.Nodes;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>Reads the archive in the object store as a lake's reader would: every raw object, every line.</summary>
internal static class ObjectLines
{
    public static async Task<List<string>> IdsAsync(string data, string tenant, string stream)
    {
        var ids = new List<string>();
        var root = Path.Combine(data, "objects");
        if (!Directory.Exists(root)) return ids;
        var marker = $"{Path.DirectorySeparatorChar}tenant={tenant}{Path.DirectorySeparatorChar}stream={stream}{Path.DirectorySeparatorChar}";
        foreach (var file in Directory.EnumerateFiles(root, "*.ndjson.gz", SearchOption.AllDirectories))
        {
            if (!file.Contains(marker, StringComparison.Ordinal)) continue;
            await using var gzip = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
            using var reader = new StreamReader(gzip);
            while (await reader.ReadLineAsync() is { } line) ids.Add((string)JsonNode.Parse(line)!["id"]!);
        }

        return ids;
    }
}

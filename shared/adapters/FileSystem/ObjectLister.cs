using Millrace.Ports.Objects;

namespace Millrace.Adapters.FileSystem;

/// <summary>
/// Walks the objects in the order of their keys. A directory takes part in the order as its name with '/' at the end: that is how its keys go on.
/// Only one directory's names are in memory for each level.
/// </summary>
internal sealed class ObjectLister(string root, string prefix)
{
    /// <summary>All objects whose key starts with the prefix.</summary>
    public IEnumerable<ObjectInfo> List()
    {
        // Everything below the prefix's last '/' is walked; what comes before it is one directory.
        var cut = prefix.LastIndexOf('/');
        if (cut < 0)
            return Walk(root, "");
        var segments = prefix[..cut].Split('/');
        if (segments.Any(segment => segment is "" or "." or ".."))
            return [];
        return Walk(Path.Combine([root, .. segments.Select(ObjectPath.Directory)]), prefix[..(cut + 1)]);
    }

    private IEnumerable<ObjectInfo> Walk(string directory, string keyPrefix)
    {
        var entries = new List<(string Key, FileSystemInfo Entry)>();
        try
        {
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos())
            {
                if (KeyOf(entry, keyPrefix) is { } key && Touches(key, entry is DirectoryInfo))
                    entries.Add((key, entry));
            }
        }
        catch (DirectoryNotFoundException)
        {
            yield break; // Nothing was ever stored there, or it has just become empty.
        }

        entries.Sort((x, y) => string.CompareOrdinal(x.Key, y.Key));
        foreach (var (key, entry) in entries)
        {
            if (entry is FileInfo file)
            {
                if (TryDescribe(file, key) is { } found)
                    yield return found;
                continue;
            }

            foreach (var inner in Walk(entry.FullName, key))
                yield return inner;
        }
    }

    private static string? KeyOf(FileSystemInfo entry, string keyPrefix)
    {
        if (entry is FileInfo)
            return ObjectPath.LeafKey(entry.Name) is { } leaf ? keyPrefix + leaf : null;
        // Names that no key becomes are not ours to list: the temporary directory, and whatever else somebody put there.
        var part = ObjectPath.DirectoryKey(entry.Name);
        return ObjectPath.Directory(part) == entry.Name ? keyPrefix + part + "/" : null;
    }

    private bool Touches(string key, bool isDirectory) =>
        key.StartsWith(prefix, StringComparison.Ordinal) || (isDirectory && prefix.StartsWith(key, StringComparison.Ordinal));

    private static ObjectInfo? TryDescribe(FileInfo file, string key)
    {
        try
        {
            return ObjectFiles.Describe(file, key);
        }
        catch (FileNotFoundException)
        {
            return null; // Deleted since the directory was read.
        }
    }
}

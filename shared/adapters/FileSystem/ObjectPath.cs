using System.Text;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.FileSystem;

/// <summary>
/// Where the object of a key stands. Keys become paths as they are, so that people and tools find an object where its key says, but for what a
/// file system can't express: 'a' and 'a/b' are both keys, while no name is a file and a directory at once. Hence a directory's name has no '.'
/// (it is written %2E) and an object's name always has one or ends with '%'; '%' itself is written %25. No two keys share a path.
/// </summary>
internal static class ObjectPath
{
    // The limit of every common file system, less the suffix of the metadata's name.
    private const int MaxNameBytes = 255 - 20;

    /// <summary>The path of a key, relative, with '/'.</summary>
    /// <exception cref="ArgumentException">The key breaks the rules of the port.</exception>
    /// <exception cref="ObjectStoreException">A segment is longer than file systems can name.</exception>
    public static string Of(string key)
    {
        ObjectKey.ThrowIfInvalid(key);
        var segments = key.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            segments[i] = i < segments.Length - 1 ? Directory(segments[i]) : Leaf(segments[i]);
            if (Encoding.UTF8.GetByteCount(segments[i]) > MaxNameBytes)
                throw new ObjectStoreException($"The key '{key}' has a segment of more than {MaxNameBytes} bytes, which no file can be named.", false);
        }

        return string.Join('/', segments);
    }

    /// <summary>The part of a key that a directory's name stands for.</summary>
    public static string DirectoryKey(string name) =>
        name.Replace("%2E", ".", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);

    /// <summary>The part of a key that an object's file name stands for; <see langword="null"/> when the file is no object.</summary>
    public static string? LeafKey(string name)
    {
        var key = (name.EndsWith('%') ? name[..^1] : name).Replace("%25", "%", StringComparison.Ordinal);
        return Leaf(key) == name ? key : null;
    }

    /// <summary>A directory's name for a segment.</summary>
    public static string Directory(string segment) =>
        segment.Replace("%", "%25", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal);

    private static string Leaf(string segment) =>
        segment.Replace("%", "%25", StringComparison.Ordinal) + (segment.Contains('.', StringComparison.Ordinal) ? "" : "%");
}

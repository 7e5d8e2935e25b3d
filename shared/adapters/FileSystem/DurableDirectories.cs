using System.Collections.Concurrent;

namespace Millrace.Adapters.FileSystem;

/// <summary>
/// Makes directories and remembers those whose names are known to be on the disk. One that exists may have been made a moment ago by another
/// upload that has not synced it yet, so existence alone is not enough.
/// </summary>
internal sealed class DurableDirectories(string root)
{
    // Forgetting costs a sync for each directory, so the set simply starts anew when it is full.
    private const int Remembered = 10_000;
    private readonly ConcurrentDictionary<string, bool> _durable = new(StringComparer.Ordinal);

    /// <summary>The directory exists, durably, with all above it up to the root.</summary>
    public void Ensure(string directory)
    {
        if (_durable.ContainsKey(directory) && Directory.Exists(directory))
            return;
        if (directory.Length > root.Length)
            Ensure(Path.GetDirectoryName(directory)!);
        Directory.CreateDirectory(directory);
        Posix.SyncDirectory(Path.GetDirectoryName(directory) ?? directory);
        if (_durable.Count >= Remembered)
            _durable.Clear();
        _durable[directory] = true;
    }

    /// <summary>The directory is about to be removed, or was.</summary>
    public void Forget(string directory) => _durable.TryRemove(directory, out _);
}

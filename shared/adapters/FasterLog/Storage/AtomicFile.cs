namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>Small files that are either the old or the new one, whatever happens meanwhile.</summary>
internal static class AtomicFile
{
    /// <summary>Replaces a file's content: temporary file, sync, rename, sync of the directory.</summary>
    public static void Write(IDiskIo disk, string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            disk.Write(file, content, 0);
            disk.Sync(file);
        }
        File.Move(temporary, path, overwrite: true);
        disk.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}

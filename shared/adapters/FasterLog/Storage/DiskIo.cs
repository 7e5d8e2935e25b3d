using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>The three things that the log asks of a disk. A seam, so that tests can make a disk full or broken.</summary>
internal interface IDiskIo
{
    /// <summary>Writes all bytes at an offset; they may still sit in the system's cache.</summary>
    void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Returns once everything written to the file is durable.</summary>
    void Sync(SafeFileHandle file);

    /// <summary>Returns once the names of a directory's files are durable.</summary>
    void SyncDirectory(string path);
}

/// <summary>The disk itself.</summary>
internal sealed partial class DiskIo : IDiskIo
{
    /// <summary>The one instance.</summary>
    public static readonly DiskIo Instance = new();

    /// <inheritdoc/>
    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    /// <inheritdoc/>
    public void Sync(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }
        // fdatasync leaves the modification time out of the journal; the length is still written when it changed.
        if (Fdatasync(file) != 0) throw Failure("fdatasync");
    }

    /// <inheritdoc/>
    public void SyncDirectory(string path)
    {
        // Windows writes directory entries through; elsewhere a new file can vanish with its whole content until its directory is synced.
        if (OperatingSystem.IsWindows()) return;
        using var directory = Open(path, 0);
        if (directory.IsInvalid) throw Failure($"open {path}");
        if (Fsync(directory) != 0) throw Failure($"fsync {path}");
    }

    private static IOException Failure(string what) =>
        new($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}

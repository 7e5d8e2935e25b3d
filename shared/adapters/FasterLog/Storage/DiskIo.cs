using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>What the log asks of a disk. A seam, so that tests can make a disk full or broken, and count.</summary>
internal interface IDiskIo
{
    /// <summary>Opens a file of the log for writing whole blocks of <see cref="SegmentDevice.Block"/> bytes, or creates it.</summary>
    SafeFileHandle OpenBlocks(string path);

    /// <summary>Reserves space beyond the end of a file, where the file system can; its length stays.</summary>
    void Reserve(SafeFileHandle file, long offset, long length);

    /// <summary>Writes all bytes at an offset; they may still sit in a cache.</summary>
    /// <exception cref="IOException">The system says that it can't be done, for whatever reason.</exception>
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

    private const int InvalidArgument = 22;
    private const int GetFlags = 3;
    private const int SetFlags = 4;
    private const int KeepSize = 1;

    /// <summary>O_DIRECT of this processor's Linux, or 0: writes pass the page cache by, whose upkeep costs more than the writing itself.</summary>
    private static readonly int _direct = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
    };

    /// <inheritdoc/>
    public SafeFileHandle OpenBlocks(string path)
    {
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        // A file system without it refuses, and gets ordinary writes.
        if (_direct != 0) _ = Fcntl(file, SetFlags, Fcntl(file, GetFlags, 0) | _direct);
        return file;
    }

    /// <inheritdoc/>
    public void Reserve(SafeFileHandle file, long offset, long length)
    {
        // Only spares the journal work at each commit; whether there is room is for the write to find out.
        if (OperatingSystem.IsLinux()) _ = Fallocate(file, KeepSize, offset, length);
    }

    /// <inheritdoc/>
    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (ArgumentOutOfRangeException e)
        {
            // EFBIG: a limit of the process or of the file system.
            throw new IOException(e.Message, e);
        }
        catch (Exception e) when ((e is ArgumentException || e.HResult == InvalidArgument) && TryMakeOrdinary(file))
        {
            // The file system took O_DIRECT but wants another alignment than ours.
            Write(file, bytes, offset);
        }
        catch (ArgumentException e)
        {
            throw new IOException(e.Message, e);
        }
    }

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

    private static bool TryMakeOrdinary(SafeFileHandle file)
    {
        if (_direct == 0) return false;
        var flags = Fcntl(file, GetFlags, 0);
        return flags >= 0 && (flags & _direct) != 0 && Fcntl(file, SetFlags, flags & ~_direct) == 0;
    }

    private static IOException Failure(string what) =>
        new($"{what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Fallocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}

using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.FasterLog.Storage;

/// <summary>Makes this process the only one that uses a directory, until it is disposed or the process ends in any way.</summary>
internal sealed class DirectoryOwner : IDisposable
{
    private const string LockFile = "lock";
    private const string OwnerFile = "owner";
    private const int WouldBlock = 11;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly SafeFileHandle _lock;

    private DirectoryOwner(SafeFileHandle handle) => _lock = handle;

    /// <summary>Takes a directory, and makes it where there is none.</summary>
    public static DirectoryOwner Take(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EventLogException($"The directory {directory} can't be made: {e.Message}", retryable: false, e);
        }
        SafeFileHandle handle;
        try
        {
            // FileShare.None is a lock of the operating system's; it goes with the process, even a killed one.
            handle = File.OpenHandle(Path.Combine(directory, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new EventLogException($"The directory {directory} can't be written: {e.Message}", retryable: false, e);
        }
        catch (IOException e) when (e.HResult is WouldBlock or SharingViolation)
        {
            throw new EventLogException($"The directory {directory} is in use by process {OwnerOf(directory)}.", retryable: true, e);
        }
        catch (IOException e)
        {
            throw new EventLogException($"The directory {directory} can't be locked: {e.Message}", retryable: true, e);
        }
        return Sign(directory, handle);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static DirectoryOwner Sign(string directory, SafeFileHandle handle)
    {
        try
        {
            File.WriteAllText(Path.Combine(directory, OwnerFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DirectoryOwner(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            handle.Dispose();
            throw new EventLogException($"The directory {directory} can't be written: {e.Message}", retryable: true, e);
        }
    }

    private static string OwnerOf(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, OwnerFile)).Trim();
        }
        catch (IOException)
        {
            // The owner is about to write it.
            return "(unknown)";
        }
    }
}

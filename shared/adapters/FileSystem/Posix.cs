using System.Runtime.InteropServices;

namespace Millrace.Adapters.FileSystem;

/// <summary>
/// What .NET does not offer: a hard link that fails when the name is taken (File.Move without overwrite looks first and renames then, so two
/// writers can both succeed), and the sync of a directory, without which a new name may be gone after a power failure.
/// </summary>
internal static partial class Posix
{
    private const int ReadOnly = 0;
    private const int AlreadyExists = 17; // EEXIST, the same on Linux and macOS

    /// <summary>Gives an existing file a second name. False when the name is taken.</summary>
    /// <exception cref="IOException">The link can't be made.</exception>
    public static bool TryLink(string existing, string name)
    {
        if (Link(existing, name) == 0)
            return true;
        var error = Marshal.GetLastPInvokeError();
        if (error == AlreadyExists)
            return false;
        var message = $"link '{name}': {Marshal.GetPInvokeErrorMessage(error)}";
        throw error == 2 ? new DirectoryNotFoundException(message) : new IOException(message, error);
    }

    /// <summary>Makes the names in a directory durable.</summary>
    /// <exception cref="IOException">The directory can't be synced.</exception>
    public static void SyncDirectory(string path)
    {
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
            throw Error("open", path);
        try
        {
            if (Sync(descriptor) != 0)
                throw Error("fsync", path);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Error(string call, string path)
    {
        var error = Marshal.GetLastPInvokeError();
        var message = $"{call} '{path}': {Marshal.GetPInvokeErrorMessage(error)}";
        return error == 2 ? new DirectoryNotFoundException(message) : new IOException(message, error);
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string existing, string name);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}

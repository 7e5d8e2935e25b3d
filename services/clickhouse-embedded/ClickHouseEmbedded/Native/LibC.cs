using System.Runtime.InteropServices;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>The few calls of the C library that .NET has no name for.</summary>
internal static unsafe partial class LibC
{
    public const int CloseOnExec = 0x80000;
    public const int SetPipeSize = 1031;
    public const int Interrupted = 4;
    public const int BadDescriptor = 9;
    public const int TryAgain = 11;
    public const int NoSpace = 28;
    public const int BadPipe = 32;
    public const int OverQuota = 122;
    public const short PollIn = 1;

    /// <summary><c>RTLD_DI_LINKMAP</c>.</summary>
    public const int LinkMap = 2;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* descriptors, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollDescriptor* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint mmap(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mprotect(nint address, nuint length, int protection);

    /// <summary>Facts about a loaded library. Older systems have it in a library of its own, newer ones forward from there.</summary>
    [LibraryImport("libdl.so.2")]
    public static partial int dlinfo(nint handle, int request, void* answer);

    /// <summary>Ends the process at once: no finalizers, no handlers, nothing that could wait.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    public static partial void ExitNow(int code);
}

/// <summary><c>struct pollfd</c>.</summary>
internal struct PollDescriptor
{
    public int Descriptor;
    public short Events;
    public short Returned;
}

using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Millrace.Servers;

/// <summary>Sends signals to processes, which <see cref="System.Diagnostics.Process"/> can't.</summary>
public static partial class Signals
{
    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    /// <summary>SIGCONT on Linux.</summary>
    public const int Continue = 18;

    /// <summary>SIGSTOP on Linux.</summary>
    public const int Stop = 19;

    /// <summary>SIGXFSZ on Linux: a file has grown beyond the process's limit.</summary>
    public const int FileSizeExceeded = 25;

    private const nint IgnoreIt = 1;

    /// <summary>Has this process, and every process that it starts from then on, ignore one.</summary>
    /// <exception cref="Win32Exception">It can't be ignored.</exception>
    public static void Ignore(int signal)
    {
        if (SetHandler(signal, IgnoreIt) == -1) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    /// <summary>Sends one.</summary>
    /// <exception cref="Win32Exception">There is no such process, or it is not ours.</exception>
    public static void Send(int process, int signal)
    {
        if (SendSignal(process, signal) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetHandler(int signal, nint handler);
}

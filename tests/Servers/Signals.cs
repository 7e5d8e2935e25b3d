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

    /// <summary>Sends one.</summary>
    /// <exception cref="Win32Exception">There is no such process, or it is not ours.</exception>
    public static void Send(int process, int signal)
    {
        if (SendSignal(process, signal) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}

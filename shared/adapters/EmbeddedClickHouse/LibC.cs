using System.Runtime.InteropServices;

namespace Millrace.Adapters.EmbeddedClickHouse;

/// <summary>The one system call that <see cref="System.Diagnostics.Process"/> lacks.</summary>
internal static partial class LibC
{
    private const int Sigterm = 15;

    /// <summary>Asks a process to end.</summary>
    /// <returns><see langword="false"/> when there is no such process.</returns>
    public static bool Terminate(int process) => Kill(process, Sigterm) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

using System.Runtime.InteropServices;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>
/// The engine's calls of <c>write</c>. libchdb takes a write that failed for one that succeeded: ClickHouse throws there, chDB's copy of it goes on, so that a full disk
/// made parts of empty files, which replaced the whole ones they had been merged from, and inserts that were acknowledged and not stored. So no write that fails comes back
/// to it: without room a write waits until there is some, and after a while, or with an error of the disk, the process ends. What it leaves then is
/// what a crash leaves: parts that are whole, and temporary ones that the next start removes.
/// </summary>
internal static class DiskWrites
{
    /// <summary>The exit code of a process that could not write.</summary>
    public const int CannotWrite = 4;

    /// <summary>Whether writes can be guarded on this processor: the code is written for x64 (System V ABI).</summary>
    public static bool Supported => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Takes the engine's writes over.</summary>
    /// <param name="library">libchdb's handle.</param>
    /// <param name="patience">How long a write waits for room. Shorter than a client waits for an insert: what waited is done or will never be when the client looks.</param>
    /// <exception cref="DllNotFoundException">The library does not write as this one does.</exception>
    public static void Guard(nint library, TimeSpan patience)
    {
        if (ImportedSymbol.Redirect(library, "write", GuardedWrite.Assemble(patience, CannotWrite)) == 0)
            throw new DllNotFoundException("The library does not import write(): its writes can't be guarded.");
    }
}

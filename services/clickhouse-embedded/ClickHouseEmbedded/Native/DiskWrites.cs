using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>
/// The engine's calls of <c>write</c>. libchdb takes a write that failed for one that succeeded: ClickHouse throws there, chDB's copy of it goes on, so that a full disk
/// made parts of empty files, which replaced the whole ones they had been merged from, and inserts that were acknowledged and not stored. So no write that fails comes back
/// to it: without room a write waits until there is some, and after <see cref="_patience"/>, or with an error of the disk, the process ends. What it leaves then is
/// what a crash leaves: parts that are whole, and temporary ones that the next start removes.
/// </summary>
internal static unsafe class DiskWrites
{
    /// <summary>The exit code of a process that could not write.</summary>
    public const int CannotWrite = 4;

    private const int PauseMilliseconds = 50;
    private static TimeSpan _patience;
    private static int _waiting;
    private static int _told;

    /// <summary>Takes the engine's writes over.</summary>
    /// <param name="library">libchdb's handle.</param>
    /// <param name="patience">How long a write waits for room. Shorter than a client waits for an insert: what waited is done or will never be when the client looks.</param>
    /// <exception cref="DllNotFoundException">The library does not write as this one does.</exception>
    public static void Guard(nint library, TimeSpan patience)
    {
        _patience = patience;
        delegate* unmanaged[Cdecl]<int, byte*, nuint, nint> write = &Write;
        if (ImportedSymbol.Redirect(library, "write", (nint)write) == 0)
            throw new DllNotFoundException("The library does not import write(): its writes can't be guarded.");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Write(int descriptor, byte* buffer, nuint length)
    {
        long since = 0;
        while (true)
        {
            var written = LibC.write(descriptor, buffer, length);
            var error = written < 0 ? Marshal.GetLastPInvokeError() : 0;
            switch (error)
            {
                case 0:
                    if (since != 0) Resumed();
                    return written;
                case LibC.Interrupted:
                    break;
                case LibC.NoSpace or LibC.OverQuota:
                    if (since == 0) since = Paused();
                    if (TimeProvider.System.GetElapsedTime(since) > _patience) End($"there was no room on the disk for {_patience.TotalSeconds:0.#} s");
                    _ = LibC.poll(null, 0, PauseMilliseconds);
                    break;
                case LibC.BadPipe or LibC.TryAgain or LibC.BadDescriptor:
                    // Of pipes, which are not the disk's; their readers see to it.
                    Marshal.SetLastSystemError(error);
                    return written;
                default:
                    End($"a write failed: {Marshal.GetPInvokeErrorMessage(error)}");
                    break;
            }
        }
    }

    private static long Paused()
    {
        Interlocked.Increment(ref _waiting);
        if (Interlocked.Exchange(ref _told, 1) == 0) Say("clickhouse-embedded: the disk is full; writing waits for room");
        return TimeProvider.System.GetTimestamp();
    }

    private static void Resumed()
    {
        if (Interlocked.Decrement(ref _waiting) == 0 && Interlocked.Exchange(ref _told, 0) == 1) Say("clickhouse-embedded: the disk has room again");
    }

    private static void End(string reason)
    {
        Say($"clickhouse-embedded: {reason}; the process ends, so that nothing is kept that was written by half");
        LibC.ExitNow(CannotWrite);
    }

    // Straight to the descriptor: neither the console's locks nor a logger's queue may hold this up.
    private static void Say(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        fixed (byte* first = bytes) _ = LibC.write(2, first, (nuint)bytes.Length);
    }
}

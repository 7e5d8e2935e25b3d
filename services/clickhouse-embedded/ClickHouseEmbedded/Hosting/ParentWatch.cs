using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded;

/// <summary>Ends the process when its standard input ends: the parent holds the other end, so this notices its death however it died.</summary>
internal static class ParentWatch
{
    /// <summary>Begins to watch, on a thread of its own.</summary>
    public static void Start() =>
        new Thread(Watch) { IsBackground = true, Name = "parent watch" }.Start();

    private static void Watch()
    {
        using var input = Console.OpenStandardInput();
        Span<byte> ignored = stackalloc byte[256];
        while (input.Read(ignored) > 0)
        {
        }
        // At once: what was acknowledged is on disk, and a successor waits for the directory.
        LibC.ExitNow(0);
    }
}

using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Millrace.RealtimeFanout.Load;

/// <summary>
/// Linux' epoll, level-triggered: ten thousand sockets on one thread at the cost of a system call for each read. The runtime's own sockets take a hop through the thread
/// pool for each, which would make the load generator the bottleneck.
/// </summary>
internal sealed unsafe partial class Poller : IDisposable
{
    private const int AtOnce = 256;

    // struct epoll_event: 32 bits of events, then 64 bits of ours; packed on x64 only.
    private static readonly int Size = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataAt = Size - 8;
    private readonly int _epoll = Check(EpollCreate1(0));
    private readonly byte[] _events = new byte[AtOnce * Size];
    private readonly int[] _ready = new int[AtOnce];

    /// <summary>Watches for what can be read.</summary>
    public void Add(Socket socket, int index)
    {
        var wanted = stackalloc byte[Size];
        *(uint*)wanted = 1;
        *(long*)(wanted + DataAt) = index;
        Check(EpollCtl(_epoll, 1, (int)socket.Handle, wanted));
    }

    /// <summary>Those that can be read; waits for the first at most so long.</summary>
    public ReadOnlySpan<int> Wait(TimeSpan timeout)
    {
        var time = timeout <= TimeSpan.Zero ? default : new Time { Seconds = (long)timeout.TotalSeconds, Nanoseconds = timeout.Ticks % TimeSpan.TicksPerSecond * 100 };
        int count;
        fixed (byte* events = _events) count = EpollPwait2(_epoll, events, AtOnce, &time, null);
        if (count < 0) return Marshal.GetLastPInvokeError() == 4 ? [] : throw new Win32Exception();
        for (var i = 0; i < count; i++) _ready[i] = (int)MemoryMarshal.Read<long>(_events.AsSpan((i * Size) + DataAt));
        return _ready.AsSpan(0, count);
    }

    public void Dispose() => _ = Close(_epoll);

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception();

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate1(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollCtl(int epoll, int operation, int file, byte* wanted);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static partial int EpollPwait2(int epoll, byte* events, int most, Time* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}

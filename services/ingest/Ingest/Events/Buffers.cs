using System.Buffers;
using System.Numerics;

namespace Millrace.Ingest.Events;

/// <summary>
/// Lends byte arrays. Small ones come from the shared pool; large ones from one that keeps at most 32 MiB, what a request of the largest size
/// grows through: the shared pool keeps one array of each size for every thread, which large bodies would fill to hundreds of megabytes.
/// Thread-safe.
/// </summary>
internal static class Buffers
{
    private const int LargestShared = 256 * 1024;
    private const long MostKept = 32L * 1024 * 1024;

    private static readonly Lock _gate = new();
    private static readonly Stack<byte[]>[] _kept = [.. Enumerable.Range(0, 32).Select(_ => new Stack<byte[]>())];
    private static long _keptBytes;

    /// <summary>An array of at least a size; its content is undefined.</summary>
    public static byte[] Rent(int bytes)
    {
        if (bytes <= LargestShared) return ArrayPool<byte>.Shared.Rent(bytes);
        var power = 32 - BitOperations.LeadingZeroCount((uint)bytes - 1);
        lock (_gate)
        {
            if (_kept[power].TryPop(out var array))
            {
                _keptBytes -= array.Length;
                return array;
            }
        }

        return GC.AllocateUninitializedArray<byte>(1 << power);
    }

    /// <summary>Takes an array back.</summary>
    public static void Return(byte[] array)
    {
        if (array.Length <= LargestShared)
        {
            ArrayPool<byte>.Shared.Return(array);
            return;
        }

        lock (_gate)
        {
            // What is beyond is left to the garbage collector.
            if (_keptBytes + array.Length > MostKept) return;
            _keptBytes += array.Length;
            _kept[BitOperations.TrailingZeroCount(array.Length)].Push(array);
        }
    }
}

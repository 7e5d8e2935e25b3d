using System.Globalization;

namespace Millrace.ClickHouse.Embedded;

/// <summary>The directory of the data, held by one process at a time.</summary>
internal sealed class DataDirectory : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>The engine's own data.</summary>
    public string Store => System.IO.Path.Combine(Path, "db");

    /// <summary>A directory without files: the process's current one.</summary>
    public string Empty => System.IO.Path.Combine(Path, "empty");

    /// <summary>The engine's configuration while it starts.</summary>
    public string Configuration => System.IO.Path.Combine(Path, "config");

    /// <summary>Takes it; waits up to 10 s for a predecessor that is dying.</summary>
    /// <returns><see langword="null"/> when another process keeps it.</returns>
    /// <exception cref="IOException">It can't be created or written.</exception>
    public static async Task<DataDirectory?> TakeAsync(string path, string temporary, TimeProvider time)
    {
        const UnixFileMode owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(path, owner);
        var file = System.IO.Path.Combine(path, "clickhouse.lock");
        var started = time.GetTimestamp();
        while (true)
        {
            if (TryLock(file) is { } held)
            {
                var taken = new DataDirectory(path, held);
                foreach (var stale in new[] { taken.Empty, taken.Configuration, temporary })
                {
                    if (Directory.Exists(stale)) Directory.Delete(stale, recursive: true);
                }
                Directory.CreateDirectory(taken.Empty, UnixFileMode.UserRead | UnixFileMode.UserExecute);
                Directory.CreateDirectory(temporary, owner);
                return taken;
            }
            if (time.GetElapsedTime(started) > _patience) return null;
            await Task.Delay(_pause, time);
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>The system gives the lock back when the process ends, however it ends.</summary>
    private static FileStream? TryLock(string file)
    {
        try
        {
            var held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            held.SetLength(0);
            held.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            held.Flush();
            return held;
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }
}

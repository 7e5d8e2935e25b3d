using System.Diagnostics;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests.Support;

/// <summary>A file system of its own that can be filled to the last byte: a tmpfs, which takes root to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TempDirectory _directory = new();
    private bool _mounted;

    public string Path => _directory.Path;

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk RequireOrSkip(int megabytes)
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("It takes root to mount a small tmpfs.");
        var disk = new SmallDisk();
        var (code, text) = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", disk.Path);
        disk._mounted = code == 0;
        if (disk._mounted) return disk;
        disk.Dispose();
        Assert.Skip($"A tmpfs can't be mounted here: {text}");
        throw new UnreachableException();
    }

    /// <summary>Takes every byte that is left.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in (int[])[1 << 20, 4 << 10])
        {
            var piece = new byte[size];
            try
            {
                while (true) file.Write(piece);
            }
            catch (IOException)
            {
                // No room for a whole piece.
                continue;
            }
        }
    }

    /// <summary>Gives them back.</summary>
    public void Free() => File.Delete(Filler);

    public void Dispose()
    {
        if (_mounted) Run("umount", "--lazy", Path);
        _directory.Dispose();
    }

    private static (int Code, string Text) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var text = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, text.Trim());
    }
}

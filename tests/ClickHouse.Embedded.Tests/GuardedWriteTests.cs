using System.Runtime.InteropServices;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>What comes back from a guarded write. What does not come back is in <see cref="DiskFullTests"/>, in a process that may end.</summary>
public sealed unsafe class GuardedWriteTests
{
    private static readonly nint _code = GuardedWrite.Assemble(TimeSpan.FromSeconds(10), DiskWrites.CannotWrite);

    [Fact]
    public void What_can_be_written_is_written()
    {
        using var file = File.OpenHandle(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, options: FileOptions.DeleteOnClose);
        Assert.Equal((5, 0), Write((int)file.DangerousGetHandle(), "bytes"u8));
        var found = new byte[8];
        Assert.Equal(5, RandomAccess.Read(file, found, 0));
        Assert.Equal("bytes"u8, found.AsSpan(0, 5));
    }

    [Fact]
    public void A_descriptor_that_is_none_is_told() => Assert.Equal((-1, LibC.BadDescriptor), Write(-1, "bytes"u8));

    [Fact]
    public void A_pipe_that_nobody_reads_any_more_is_told()
    {
        var ends = stackalloc int[2];
        Assert.Equal(0, LibC.pipe2(ends, LibC.CloseOnExec));
        using var write = new Microsoft.Win32.SafeHandles.SafeFileHandle(ends[1], ownsHandle: true);
        new Microsoft.Win32.SafeHandles.SafeFileHandle(ends[0], ownsHandle: true).Dispose();
        Assert.Equal((-1, LibC.BadPipe), Write(ends[1], "bytes"u8));
    }

    [Fact]
    public void A_pipe_that_is_full_is_told_to_who_does_not_want_to_wait()
    {
        const int nonBlocking = 0x800;
        var ends = stackalloc int[2];
        Assert.Equal(0, LibC.pipe2(ends, LibC.CloseOnExec | nonBlocking));
        using var read = new Microsoft.Win32.SafeHandles.SafeFileHandle(ends[0], ownsHandle: true);
        using var write = new Microsoft.Win32.SafeHandles.SafeFileHandle(ends[1], ownsHandle: true);
        var piece = new byte[64 << 10];
        (nint Written, int Error) last;
        do last = Write(ends[1], piece);
        while (last.Written > 0);
        Assert.Equal((-1, LibC.TryAgain), last);
    }

    private static (nint Written, int Error) Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        Assert.SkipUnless(DiskWrites.Supported, "The code is written for x64.");
        fixed (byte* first = bytes)
        {
            Marshal.SetLastSystemError(0);
            var written = ((delegate* unmanaged[Cdecl]<int, byte*, nuint, nint>)_code)(descriptor, first, (nuint)bytes.Length);
            return (written, Marshal.GetLastSystemError());
        }
    }
}

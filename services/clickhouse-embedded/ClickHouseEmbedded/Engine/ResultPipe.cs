using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>
/// A pipe through which the engine writes a query's rows while it runs: the statement says <c>INTO OUTFILE</c> the pipe. So every format, JSON and Parquet too,
/// is one document written as a server would write it, and memory stays flat. (libchdb's own streams give each chunk as a document of its own, its plain
/// results are held whole in memory.) One thread runs the query, one reads.
/// </summary>
internal sealed unsafe class ResultPipe : IDisposable
{
    private const int Capacity = 1 << 20;

    // Only bounds how late the end is noticed should the engine keep its end of the pipe open; data and the usual end wake the reader at once.
    private const int PollMilliseconds = 50;

    private readonly SafeFileHandle _reader;
    private readonly SafeFileHandle _writer;
    private volatile bool _finished;

    public ResultPipe()
    {
        var ends = stackalloc int[2];
        if (LibC.pipe2(ends, LibC.CloseOnExec) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
        _reader = new SafeFileHandle(ends[0], ownsHandle: true);
        _writer = new SafeFileHandle(ends[1], ownsHandle: true);
        // A smaller pipe works too, so a refusal (the user's pipe quota) is no error.
        _ = LibC.fcntl(ends[1], LibC.SetPipeSize, Capacity);
        Path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{ends[1]}");
    }

    /// <summary>The path under which the engine opens the writing end.</summary>
    public string Path { get; }

    /// <summary>Says that the statement has ended, well or not: the reader reads what is left and then sees the end.</summary>
    public void Finish()
    {
        _finished = true;
        _writer.Dispose();
    }

    /// <summary>Reads what there is, waiting until there is something.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public int Read(Span<byte> buffer)
    {
        while (true)
        {
            var wait = new PollDescriptor { Descriptor = (int)_reader.DangerousGetHandle(), Events = LibC.PollIn };
            var finished = _finished;
            var ready = LibC.poll(&wait, 1, PollMilliseconds);
            if (ready == 0)
            {
                if (finished) return 0;
                continue;
            }
            nint read = -1;
            if (ready > 0)
            {
                fixed (byte* p = buffer) read = LibC.read(wait.Descriptor, p, (nuint)buffer.Length);
            }
            if (read >= 0) return (int)read;
            if (Marshal.GetLastPInvokeError() != LibC.Interrupted) throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    public void Dispose()
    {
        _writer.Dispose();
        _reader.Dispose();
    }
}

using System.Runtime.InteropServices;
using static Millrace.ClickHouse.Embedded.Native.ChdbLibrary;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>An insert under way. Disposed before <see cref="Complete"/>, it is cancelled. Used by one thread at a time.</summary>
internal sealed unsafe class ChdbInsertStream : IDisposable
{
    private nint _stream;
    private bool _completed;

    private ChdbInsertStream(nint stream) => _stream = stream;

    /// <summary>Takes ownership of a handle.</summary>
    /// <exception cref="ChdbException">It holds an error.</exception>
    public static ChdbInsertStream Take(nint stream)
    {
        if (stream == 0) throw ChdbException.FromEngine("The engine did not begin the insert.");
        var error = chdb_stream_insert_error(stream);
        if (error is null) return new ChdbInsertStream(stream);
        var text = Marshal.PtrToStringUTF8((nint)error) ?? "";
        chdb_destroy_insert_stream(stream);
        throw ChdbException.FromEngine(text);
    }

    /// <summary>Gives the engine a copy of the next bytes; blocks while it is busy with the earlier ones.</summary>
    /// <exception cref="ChdbException">The insert has failed.</exception>
    public void Append(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty) return;
        int state;
        fixed (byte* p = data) state = chdb_stream_append(_stream, p, (nuint)data.Length);
        if (state != 0) throw ChdbException.FromEngine(Marshal.PtrToStringUTF8((nint)chdb_stream_insert_error(_stream)) ?? "The insert failed.");
    }

    /// <summary>Ends the data and waits until it is stored.</summary>
    /// <exception cref="ChdbException">The insert failed.</exception>
    public QueryStatistics Complete()
    {
        _completed = true;
        using var result = ChdbResult.Take(chdb_stream_done(_stream));
        return result.Statistics;
    }

    public void Dispose()
    {
        if (_stream == 0) return;
        if (!_completed) chdb_stream_cancel_insert(_stream);
        chdb_destroy_insert_stream(_stream);
        _stream = 0;
    }
}

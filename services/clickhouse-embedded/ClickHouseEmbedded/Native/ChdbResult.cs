using System.Runtime.InteropServices;
using System.Text;
using static Millrace.ClickHouse.Embedded.Native.ChdbLibrary;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>The result of one statement: its bytes in native memory, valid until disposed, and its figures.</summary>
internal sealed unsafe class ChdbResult : IDisposable
{
    private nint _handle;

    private ChdbResult(nint handle)
    {
        _handle = handle;
        Statistics = new QueryStatistics(
            TimeSpan.FromSeconds(chdb_result_elapsed(handle)),
            (long)chdb_result_storage_rows_read(handle),
            (long)chdb_result_storage_bytes_read(handle),
            (long)chdb_result_rows_written(handle),
            (long)chdb_result_bytes_written(handle),
            (long)chdb_result_rows_read(handle),
            (long)chdb_result_bytes_read(handle));
    }

    /// <summary>The figures, valid after disposal too.</summary>
    public QueryStatistics Statistics { get; }

    /// <summary>The bytes that the statement gave, in the format that was asked for.</summary>
    public ReadOnlySpan<byte> Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            var length = checked((int)chdb_result_length(_handle));
            return length == 0 ? [] : new ReadOnlySpan<byte>(chdb_result_buffer(_handle), length);
        }
    }

    /// <summary>The bytes as text.</summary>
    public string Text => Encoding.UTF8.GetString(Data);

    /// <summary>Takes ownership of a handle.</summary>
    /// <exception cref="ChdbException">It holds an error.</exception>
    public static ChdbResult Take(nint handle)
    {
        if (handle == 0) throw ChdbException.FromEngine("The engine gave no result.");
        var error = chdb_result_error(handle);
        if (error is null) return new ChdbResult(handle);
        var text = Marshal.PtrToStringUTF8((nint)error) ?? "";
        chdb_destroy_query_result(handle);
        throw ChdbException.FromEngine(text);
    }

    public void Dispose()
    {
        if (_handle != 0) chdb_destroy_query_result(_handle);
        _handle = 0;
    }
}

/// <summary>The figures of one statement, as ClickHouse's <c>X-ClickHouse-Summary</c> has them.</summary>
/// <param name="Elapsed">Time in the engine.</param>
/// <param name="ReadRows">Rows read from storage.</param>
/// <param name="ReadBytes">Bytes of them.</param>
/// <param name="WrittenRows">Rows written, materialized views included.</param>
/// <param name="WrittenBytes">Bytes of them.</param>
/// <param name="ResultRows">Rows of the result.</param>
/// <param name="ResultBytes">Bytes of them in memory.</param>
internal readonly record struct QueryStatistics(
    TimeSpan Elapsed, long ReadRows, long ReadBytes, long WrittenRows, long WrittenBytes, long ResultRows, long ResultBytes);

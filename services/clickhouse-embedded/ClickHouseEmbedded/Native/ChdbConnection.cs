using System.Runtime.InteropServices;
using System.Text;
using static Millrace.ClickHouse.Embedded.Native.ChdbLibrary;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>
/// One session of the engine: settings, roles and the current database live in it. Runs one statement at a time, on the calling thread, and is used by one
/// thread at a time. A connection on which a statement failed is thrown away, never used again.
/// </summary>
internal sealed unsafe class ChdbConnection : IDisposable
{
    private static readonly KeyValuePair<string, string>[] _noParameters = [];
    private nint* _connection;

    private ChdbConnection(nint* connection) => _connection = connection;

    private nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_connection is null, this);
            return *_connection;
        }
    }

    /// <summary>Opens a session; the first one boots the engine.</summary>
    /// <param name="arguments">As on ClickHouse's command line: <c>--path=…</c>, <c>--setting=value</c>.</param>
    /// <exception cref="ChdbException">The engine refused; it says no more than that.</exception>
    public static ChdbConnection Open(params ReadOnlySpan<string> arguments)
    {
        var argv = (byte**)NativeMemory.AllocZeroed((nuint)(arguments.Length + 2), (nuint)sizeof(byte*));
        try
        {
            argv[0] = (byte*)Marshal.StringToCoTaskMemUTF8("clickhouse");
            for (var i = 0; i < arguments.Length; i++) argv[i + 1] = (byte*)Marshal.StringToCoTaskMemUTF8(arguments[i]);
            var connection = chdb_connect(arguments.Length + 1, argv);
            return connection is not null ? new ChdbConnection(connection) : throw ChdbException.FromEngine("The engine did not open a session.");
        }
        finally
        {
            for (var i = 0; i <= arguments.Length; i++) Marshal.FreeCoTaskMem((nint)argv[i]);
            NativeMemory.Free(argv);
        }
    }

    /// <summary>Stops the engine's threads once every session is closed; no session can be opened afterwards.</summary>
    public static void Shutdown() => _ = chdb_shutdown();

    /// <summary>Runs one statement to its end.</summary>
    /// <exception cref="ChdbException">It failed.</exception>
    public ChdbResult Query(string sql, string format = "TabSeparatedRaw", IReadOnlyList<KeyValuePair<string, string>>? parameters = null)
    {
        var query = Encoding.UTF8.GetBytes(sql);
        var formatName = Encoding.UTF8.GetBytes(format);
        using var bound = new NativeParameters(parameters ?? _noParameters);
        fixed (byte* q = query)
        fixed (byte* f = formatName)
        {
            return ChdbResult.Take(chdb_query_with_params_n(
                Handle, q, (nuint)query.Length, f, (nuint)formatName.Length,
                bound.Names, bound.NameLengths, bound.Values, bound.ValueLengths, bound.Count));
        }
    }

    /// <summary>Runs one statement whose result is of no interest.</summary>
    /// <exception cref="ChdbException">It failed.</exception>
    public void Execute(string sql) => Query(sql).Dispose();

    /// <summary>Asks the engine's parser what a text is, without running it.</summary>
    public (int Statements, StatementClass Class) Classify(string sql)
    {
        var query = Encoding.UTF8.GetBytes(sql);
        var analysis = new ChdbAnalysis { StructSize = (uint)sizeof(ChdbAnalysis) };
        int state;
        fixed (byte* q = query) state = chdb_classify_query_n(Handle, q, (nuint)query.Length, null, 0, &analysis);
        return state == 0 ? ((int)analysis.StatementCount, (StatementClass)analysis.QueryClass) : (0, StatementClass.Unknown);
    }

    /// <summary>Begins an insert whose data is appended in pieces.</summary>
    /// <param name="statement">The INSERT without FORMAT and without data.</param>
    /// <param name="format">Format of the data.</param>
    /// <param name="parameters">Values of the statement's parameters.</param>
    /// <exception cref="ChdbException">The statement was refused.</exception>
    public ChdbInsertStream BeginInsert(string statement, string format, IReadOnlyList<KeyValuePair<string, string>>? parameters = null)
    {
        var query = Encoding.UTF8.GetBytes(statement);
        var formatName = Encoding.UTF8.GetBytes(format);
        using var bound = new NativeParameters(parameters ?? _noParameters);
        fixed (byte* q = query)
        fixed (byte* f = formatName)
        {
            return ChdbInsertStream.Take(chdb_stream_insert_with_params_n(
                Handle, q, (nuint)query.Length, f, (nuint)formatName.Length,
                bound.Names, bound.NameLengths, bound.Values, bound.ValueLengths, bound.Count));
        }
    }

    public void Dispose()
    {
        if (_connection is not null) chdb_close_conn(_connection);
        _connection = null;
    }
}

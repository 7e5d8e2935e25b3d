using System.Runtime.InteropServices;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>The C interface of libchdb, as its header <c>chdb.h</c> declares it. Strings are UTF-8 with their length; what is returned is owned as noted there.</summary>
internal static unsafe partial class ChdbLibrary
{
    private const string Name = "chdb";

    /// <summary>Loads the library once, before the first call. The engine must not install signal handlers: they would replace the runtime's own.</summary>
    /// <param name="path">The library's file.</param>
    /// <param name="diskPatience">How long a write waits for room on the disk, see <see cref="DiskWrites"/>.</param>
    /// <exception cref="DllNotFoundException">The file is missing or is no such library.</exception>
    public static void Load(string path, TimeSpan diskPatience)
    {
        var handle = NativeLibrary.Load(path);
        if (DiskWrites.Supported) DiskWrites.Guard(handle, diskPatience);
        else Console.Error.WriteLine("clickhouse-embedded: on this processor a full disk may damage tables; keep room on it, or use a ClickHouse server");
        NativeLibrary.SetDllImportResolver(typeof(ChdbLibrary).Assembly, (name, _, _) => name == Name ? handle : 0);
        chdb_set_signal_handlers_enabled(0);
    }

    [LibraryImport(Name)]
    public static partial void chdb_set_signal_handlers_enabled(int enabled);

    [LibraryImport(Name)]
    public static partial nint* chdb_connect(int argc, byte** argv);

    [LibraryImport(Name)]
    public static partial void chdb_close_conn(nint* connection);

    [LibraryImport(Name)]
    public static partial int chdb_shutdown();

    [LibraryImport(Name)]
    public static partial nint chdb_query_with_params_n(
        nint connection, byte* query, nuint queryLength, byte* format, nuint formatLength,
        byte** names, nuint* nameLengths, byte** values, nuint* valueLengths, nuint count);

    [LibraryImport(Name)]
    public static partial int chdb_classify_query_n(
        nint connection, byte* query, nuint queryLength, byte* database, nuint databaseLength, ChdbAnalysis* analysis);

    [LibraryImport(Name)]
    public static partial nint chdb_stream_insert_with_params_n(
        nint connection, byte* query, nuint queryLength, byte* format, nuint formatLength,
        byte** names, nuint* nameLengths, byte** values, nuint* valueLengths, nuint count);

    [LibraryImport(Name)]
    public static partial int chdb_stream_append(nint stream, byte* data, nuint length);

    [LibraryImport(Name)]
    public static partial nint chdb_stream_done(nint stream);

    [LibraryImport(Name)]
    public static partial void chdb_stream_cancel_insert(nint stream);

    [LibraryImport(Name)]
    public static partial byte* chdb_stream_insert_error(nint stream);

    [LibraryImport(Name)]
    public static partial void chdb_destroy_insert_stream(nint stream);

    [LibraryImport(Name)]
    public static partial void chdb_destroy_query_result(nint result);

    [LibraryImport(Name)]
    public static partial byte* chdb_result_buffer(nint result);

    [LibraryImport(Name)]
    public static partial nuint chdb_result_length(nint result);

    [LibraryImport(Name)]
    public static partial double chdb_result_elapsed(nint result);

    [LibraryImport(Name)]
    public static partial ulong chdb_result_rows_read(nint result);

    [LibraryImport(Name)]
    public static partial ulong chdb_result_bytes_read(nint result);

    [LibraryImport(Name)]
    public static partial ulong chdb_result_storage_rows_read(nint result);

    [LibraryImport(Name)]
    public static partial ulong chdb_result_storage_bytes_read(nint result);

    [LibraryImport(Name)]
    public static partial ulong chdb_result_rows_written(nint result);

    [LibraryImport(Name)]
    public static partial ulong chdb_result_bytes_written(nint result);

    [LibraryImport(Name)]
    public static partial byte* chdb_result_error(nint result);
}

/// <summary>What the engine's parser says of a text, <c>chdb_query_analysis_v1</c>.</summary>
internal struct ChdbAnalysis
{
    /// <summary>Size of this structure in bytes.</summary>
    public uint StructSize;

    /// <summary>Statements in the text; 0 when it does not parse.</summary>
    public uint StatementCount;

    /// <summary>Facts about it, unused here.</summary>
    public uint Flags;

    /// <summary>What it does, see <see cref="StatementClass"/>.</summary>
    public uint QueryClass;
}

/// <summary>What a statement does to state that outlives it, <c>chdb_query_class</c>.</summary>
internal enum StatementClass : uint
{
    /// <summary>SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK.</summary>
    ReadOnly = 0,

    /// <summary>INSERT and DDL inside a database.</summary>
    Mutating = 1,

    /// <summary>Functions, users, writes into <c>system</c>.</summary>
    MutatingGlobal = 2,

    /// <summary>USE, SET, SYSTEM, BACKUP, KILL, INTO OUTFILE.</summary>
    Control = 3,

    /// <summary>Did not parse.</summary>
    Unknown = 4,
}

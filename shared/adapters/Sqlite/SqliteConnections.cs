using Microsoft.Data.Sqlite;
using Millrace.Ports.Metadata;

namespace Millrace.Adapters.Sqlite;

/// <summary>Opens connections to one database file.</summary>
internal sealed class SqliteConnections
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Kept after a checkpoint, so that one huge transaction does not occupy its space for ever.
    private const int WalBytes = 64 * 1024 * 1024;
    private readonly string _reader;
    private readonly string _writer;

    public SqliteConnections(SqliteOptions options)
    {
        File = Path.GetFullPath(options.File);
        var seconds = (int)Math.Ceiling(options.BusyTimeout.TotalSeconds);
        _reader = new SqliteConnectionStringBuilder
        {
            DataSource = File,
            Mode = SqliteOpenMode.ReadOnly,
            DefaultTimeout = seconds,
        }.ToString();
        _writer = new SqliteConnectionStringBuilder
        {
            DataSource = File,
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = seconds,
        }.ToString();
    }

    /// <summary>Full path of the file.</summary>
    public string File { get; }

    /// <summary>A connection that can't write, from the pool.</summary>
    public SqliteConnection OpenReader() => Open(_reader);

    /// <summary>
    /// A connection that writes: write-ahead log, so that readers never wait for it, and a sync of the disk at each commit (synchronous=FULL;
    /// NORMAL would lose the last commits with the power).
    /// </summary>
    public SqliteConnection OpenWriter()
    {
        CreateFile();
        var connection = Open(_writer);
        using var command = connection.CreateCommand();
        command.CommandText =
            $"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA journal_size_limit={WalBytes};";
        try
        {
            command.ExecuteNonQuery();
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Translate(e);
        }

        return connection;
    }

    /// <summary>Closes what the pool of readers keeps open.</summary>
    public void ClearPool()
    {
        using var connection = new SqliteConnection(_reader);
        SqliteConnection.ClearPool(connection);
    }

    /// <summary>The port's exception for one of SQLite.</summary>
    public MetadataDatabaseException Translate(SqliteException exception)
    {
        // SQLITE_BUSY and SQLITE_LOCKED pass; SQLITE_CANTOPEN, _NOTADB, _CORRUPT, _READONLY do not.
        var retryable = exception.SqliteErrorCode is 5 or 6;
        return new MetadataDatabaseException(
            retryable
                ? $"The metadata database {File} is locked by another process for longer than the busy timeout."
                : $"The metadata database {File} can't be opened: {exception.Message}",
            retryable,
            exception);
    }

    // It holds key hashes and the signing key, so nobody else may read it; SQLite gives its -wal and -shm files the same mode.
    private void CreateFile()
    {
        if (System.IO.File.Exists(File))
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = OwnerOnly;
            new FileStream(File, options).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MetadataDatabaseException($"The metadata database {File} can't be made: {e.Message}", false, e);
        }
    }

    private SqliteConnection Open(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Translate(e);
        }
    }
}

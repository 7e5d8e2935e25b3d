using Millrace.Ports.Metadata;
using Npgsql;

namespace Millrace.Adapters.Postgres;

/// <summary>Opens connections to one database: from the pool, and one of its own for whoever listens.</summary>
internal sealed class PostgresConnections : IAsyncDisposable
{
    // A listener has nothing to say, so it would not notice that its server is gone; a question now and then finds out.
    private const int KeepAliveSeconds = 5;
    private readonly NpgsqlDataSource _pool;
    private readonly NpgsqlDataSource _listening;
    private readonly string? _passwordFile;

    public PostgresConnections(PostgresOptions options)
    {
        _passwordFile = options.PasswordFile;
        var settings = options.Build();
        Place = $"{settings.Database} on {settings.Host}:{settings.Port}";
        MaxPoolSize = settings.MaxPoolSize;
        _pool = CreateSource(settings.ConnectionString);
        settings.Pooling = false;
        settings.KeepAlive = KeepAliveSeconds;
        settings.ApplicationName += " (listening)";
        _listening = CreateSource(settings.ConnectionString);
    }

    /// <summary>Which database, for messages.</summary>
    public string Place { get; }

    /// <summary>Connections that the pool holds at most.</summary>
    public int MaxPoolSize { get; }

    /// <summary>A connection from the pool. It may have been broken while it lay there.</summary>
    /// <exception cref="MetadataDatabaseException">There is none.</exception>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => OpenAsync(_pool, cancellationToken);

    /// <summary>A connection from the pool over which the server has just answered.</summary>
    /// <exception cref="MetadataDatabaseException">There is none.</exception>
    public async ValueTask<NpgsqlConnection> OpenCheckedAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var connection = await OpenAsync(cancellationToken);
            try
            {
                await using var question = new NpgsqlCommand("SELECT 1", connection);
                await question.ExecuteNonQueryAsync(cancellationToken);
                return connection;
            }
            catch (NpgsqlException) when (connection.State != System.Data.ConnectionState.Open)
            {
                // The server was restarted since: the other connections are broken as well. A new one works, or can't be opened.
                await connection.DisposeAsync();
                Forget();
            }
            catch (NpgsqlException e)
            {
                await connection.DisposeAsync();
                throw Translate(e);
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>A connection that stands outside the pool and notices within seconds when the server is gone.</summary>
    public ValueTask<NpgsqlConnection> OpenListeningAsync(CancellationToken cancellationToken) => OpenAsync(_listening, cancellationToken);

    /// <summary>Opens nothing but new connections from here on.</summary>
    public void Forget() => _pool.Clear();

    public async ValueTask DisposeAsync()
    {
        await _pool.DisposeAsync();
        await _listening.DisposeAsync();
    }

    /// <summary>The port's exception for one of the vendor.</summary>
    public MetadataDatabaseException Translate(NpgsqlException exception)
    {
        // Wrong password (28), no such database (3D) and missing rights (42) stay as they are until somebody changes them.
        var retryable = exception is not PostgresException { SqlState: { } state } || state[..2] is not ("28" or "3D" or "42");
        var message = exception is { InnerException: TimeoutException } && exception.Message.Contains("pool", StringComparison.Ordinal)
            ? $"All {MaxPoolSize} connections to {Place} are busy (Millrace:Postgres:MaxPoolSize)."
            : $"The metadata database {Place} can't be reached: {exception.Message}";
        return new MetadataDatabaseException(message, retryable, exception);
    }

    private async ValueTask<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenConnectionAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw Translate(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MetadataDatabaseException($"The metadata database {Place} can't be reached: {e.Message}", true, e);
        }
    }

    private NpgsqlDataSource CreateSource(string connectionString)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        if (_passwordFile is { } file)
            builder.UsePasswordProvider(_ => FirstLine(File.ReadAllText(file)), async (_, token) => FirstLine(await File.ReadAllTextAsync(file, token)));
        return builder.Build();
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd('\r');
}

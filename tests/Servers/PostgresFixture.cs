using Xunit;

namespace Millrace.Servers;

/// <summary>
/// One PostgreSQL server for all tests of a project (<c>[assembly: AssemblyFixture(typeof(PostgresFixture))]</c>), started when the first test
/// asks for a database, so that the others run without it.
/// </summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private PostgresServer? _server;

    /// <summary>The server. Call it from a test or its initialization, so that a missing PostgreSQL skips the test.</summary>
    public async Task<PostgresServer> GetServerAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _server ??= await PostgresServer.StartAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Connection string of a new and empty database.</summary>
    public async Task<string> CreateDatabaseAsync() => await (await GetServerAsync()).CreateDatabaseAsync(TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _gate.Dispose();
    }
}

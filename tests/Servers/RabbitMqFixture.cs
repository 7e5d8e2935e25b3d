using Xunit;

namespace Millrace.Servers;

/// <summary>
/// One RabbitMQ server for all tests of a project (<c>[assembly: AssemblyFixture(typeof(RabbitMqFixture))]</c>), started when the first test asks for it, so
/// that the others run without it. Tests that stop it belong into one collection.
/// </summary>
public sealed class RabbitMqFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private RabbitMqServer? _server;

    /// <summary>The server. Call it from a test or its initialization, so that a missing RabbitMQ skips the test.</summary>
    public async Task<RabbitMqServer> GetServerAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _server ??= await RabbitMqServer.StartAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _gate.Dispose();
    }
}

using Xunit;

namespace Millrace.Servers;

/// <summary>
/// One S3 server for all tests of a project (<c>[assembly: AssemblyFixture(typeof(CephFixture))]</c>), started when the first test asks for it, so
/// that the others run without it. Tests that stop it belong into one collection.
/// </summary>
public sealed class CephFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private CephServer? _server;

    /// <summary>The server. Call it from a test or its initialization, so that a missing Ceph skips the test.</summary>
    public async Task<CephServer> GetServerAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _server ??= await CephServer.StartAsync(TestContext.Current.CancellationToken);
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

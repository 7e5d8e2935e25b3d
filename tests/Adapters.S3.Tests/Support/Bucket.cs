using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Servers;
using Xunit;

namespace Millrace.Adapters.S3.Tests.Support;

/// <summary>A bucket of one test's own, and stores on it.</summary>
internal sealed class Bucket : IAsyncDisposable
{
    private readonly CephServer _server;
    private readonly List<S3ObjectStore> _stores = [];

    private Bucket(CephServer server) => _server = server;

    public string Name { get; } = "test-" + Guid.NewGuid().ToString("n")[..16];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Makes one.</summary>
    public static async Task<Bucket> CreateAsync(CephFixture fixture)
    {
        var bucket = new Bucket(await fixture.GetServerAsync());
        await bucket.Open().Client.PutBucketAsync(bucket.Name, Cancelled);
        return bucket;
    }

    /// <summary>Options of this bucket on the server, as a user would set them.</summary>
    public S3Options Options(Action<S3Options>? change = null)
    {
        var options = new S3Options
        {
            Bucket = Name,
            Endpoint = _server.Endpoint,
            AccessKey = _server.AccessKey,
            SecretKey = _server.SecretKey,
            ConditionalPut = S3ConditionalPut.Native,
        };
        change?.Invoke(options);
        return options;
    }

    /// <summary>A store on it, as another process would open it.</summary>
    public S3ObjectStore Open(Action<S3Options>? change = null)
    {
        var store = new S3ObjectStore(
            Microsoft.Extensions.Options.Options.Create(Options(change)), TimeProvider.System, NullLogger<S3ObjectStore>.Instance);
        _stores.Add(store);
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        // The objects go with the server; the clients should not outlive their test.
        foreach (var store in _stores) store.Dispose();
        await ValueTask.CompletedTask;
    }
}

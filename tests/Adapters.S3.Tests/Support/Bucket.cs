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

    public Uri Endpoint => _server.Endpoint;

    /// <summary>Makes one on the common server, or only its name.</summary>
    public static async Task<Bucket> CreateAsync(CephFixture fixture, bool make = true)
    {
        var server = await fixture.GetServerAsync();
        return make ? await CreateAsync(server) : new Bucket(server);
    }

    /// <summary>Makes one.</summary>
    public static async Task<Bucket> CreateAsync(CephServer server)
    {
        var bucket = new Bucket(server);
        await bucket.Open().Client.PutBucketAsync(bucket.Name, Cancelled);
        return bucket;
    }

    /// <summary>The same as configuration, with some settings of section S3 besides.</summary>
    public Dictionary<string, string?> Settings(params (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Millrace:S3:Bucket"] = Name,
            ["Millrace:S3:Endpoint"] = Endpoint.AbsoluteUri,
            ["Millrace:S3:AccessKey"] = _server.AccessKey,
            ["Millrace:S3:SecretKey"] = _server.SecretKey,
        };
        foreach (var (key, value) in more) settings["Millrace:S3:" + key] = value;
        return settings;
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

    public ValueTask DisposeAsync()
    {
        // The objects go with the server; the clients should not outlive their test.
        foreach (var store in _stores) store.Dispose();
        return ValueTask.CompletedTask;
    }
}

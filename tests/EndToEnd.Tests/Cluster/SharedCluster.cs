using Xunit;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>One cluster for all tests of it; each uses streams and tenants of its own.</summary>
public sealed class SharedCluster : IAsyncLifetime
{
    internal ClusterInstallation Millrace { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Millrace = await ClusterInstallation.StartAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (Millrace is not null) await Millrace.DisposeAsync();
    }
}

[CollectionDefinition(Name)]
public sealed class SharedClusterCollection : ICollectionFixture<SharedCluster>
{
    public const string Name = "one shared cluster";
}

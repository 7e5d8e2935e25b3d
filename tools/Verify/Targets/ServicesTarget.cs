using Millrace.Installations;

namespace Millrace.Verify.Targets;

/// <summary>The five services as processes on servers of their own.</summary>
internal sealed class ServicesTarget : IOwnTarget
{
    private readonly bool _owned;
    private readonly Dictionary<string, string> _credentials;
    private readonly Dictionary<string, int> _killed = new(StringComparer.Ordinal);

    /// <summary>Examines one that runs.</summary>
    /// <param name="cluster">The installation.</param>
    /// <param name="tenants">How many send.</param>
    /// <param name="owned">Whether it is stopped with this.</param>
    public ServicesTarget(ClusterInstallation cluster, int tenants, bool owned)
    {
        Cluster = cluster;
        _owned = owned;
        Tenants = TenantNames.Of(tenants);
        _credentials = Tenants.ToDictionary(tenant => tenant, TenantNames.Credential);
    }

    /// <summary>Starts one.</summary>
    public static async Task<ServicesTarget> StartAsync(int tenants, CancellationToken cancellationToken) =>
        new(await ClusterInstallation.StartAsync(cancellationToken), tenants, owned: true);

    public string Name => "services";

    /// <summary>The services, and what they stand on.</summary>
    public ClusterInstallation Cluster { get; }

    public Uri Url => Cluster.Url;

    public IReadOnlyList<string> Tenants { get; }

    public string StreamPrefix => "verify-";

    public bool KeepsLog => false;

    public string Output => Cluster.Services.Output;

    public IReadOnlyList<string> Parts { get; } = ["ingest", "aggregator", "gateway", "alerting", "archiver"];

    public string CredentialOf(string tenant) => _credentials[tenant];

    public IAsyncEnumerable<string> ObjectLines(string tenant, string stream) => Cluster.ObjectLinesAsync(tenant, stream);

    public Task KillAsync(string part, CancellationToken cancellationToken)
    {
        _killed[part] = Cluster.Services.ProcessOf(part);
        Processes.KillAlone(_killed[part]);
        return Task.CompletedTask;
    }

    public Task ReviveAsync(string part, CancellationToken cancellationToken) => Cluster.Services.UntilReplacedAsync(part, _killed[part]);

    public async ValueTask DisposeAsync()
    {
        if (_owned) await Cluster.DisposeAsync();
    }
}

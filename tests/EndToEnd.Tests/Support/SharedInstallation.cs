using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>One Millrace for all tests that neither stop nor crash it; each test uses streams of its own.</summary>
public sealed class SharedInstallation : IAsyncLifetime
{
    private TempDirectory? _data;

    internal Installation Millrace { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _data = new TempDirectory();
        // Webhook receivers of the tests listen on loopback.
        Millrace = await Installation.StartAsync(_data.Path, new Dictionary<string, string> { ["Millrace__Alerting__Webhooks__AllowPrivateAddresses"] = "true" });
    }

    public async ValueTask DisposeAsync()
    {
        if (Millrace is not null) await Millrace.DisposeAsync();
        _data?.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class SharedInstallationCollection : ICollectionFixture<SharedInstallation>
{
    public const string Name = "one shared installation";
}

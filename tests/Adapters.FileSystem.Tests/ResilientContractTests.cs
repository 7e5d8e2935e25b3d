using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contract.Suites;
using Millrace.Hosting.Resilience;
using Millrace.Ports.Objects;
using Millrace.Testing;

namespace Millrace.Adapters.FileSystem.Tests;

/// <summary>The retries that a host puts around a store change nothing of what it promises.</summary>
public sealed class ResilientContractTests : ObjectStoreContract
{
    private readonly TempDirectory _directory = new();
    private readonly List<ServiceProvider> _services = [];

    protected override ValueTask<IObjectStore> CreateAsync()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Millrace:Objects:Directory", _directory.File("objects"))]).Build();
        var services = new ServiceCollection().AddLogging().AddFileSystemAdapter(configuration).AddObjectRetries(configuration).BuildServiceProvider();
        _services.Add(services);
        return ValueTask.FromResult(services.GetRequiredService<IObjectStore>());
    }

    protected override async ValueTask CleanUpAsync()
    {
        foreach (var services in _services) await services.DisposeAsync();
        _directory.Dispose();
        await base.CleanUpAsync();
    }
}

using Microsoft.Extensions.Hosting;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Bootstrap;
using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting;

/// <summary>Makes tables, signing key and bootstrap key before any hosted service starts (the host runs all "starting" steps first).</summary>
internal sealed class HostingInitializer(IMetadataDatabase database, SigningKey signingKey, Bootstrapper bootstrapper) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await HostingSchema.EnsureAsync(database, cancellationToken);
        await signingKey.EnsureAsync(cancellationToken);
        await bootstrapper.RunAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

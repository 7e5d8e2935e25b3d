using Microsoft.Extensions.Logging;
using Millrace.Hosting.Workers;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Authentication;

/// <summary>Hears of keys that were revoked, by this instance or another, so that no remembered verdict outlives them by more than a moment.</summary>
internal sealed class KeyWatcher(IMetadataDatabase database, CallerAuthenticator authenticator, TimeProvider time, ILogger<KeyWatcher> logger)
    : Worker(time, logger)
{
    /// <summary>Channel on which the ids of revoked keys are announced.</summary>
    public const string Channel = "hosting_keys";

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        // An empty payload: any may have been.
        await foreach (var id in database.ListenAsync(Channel, cancellationToken))
            authenticator.ForgetKey(id);
    }
}

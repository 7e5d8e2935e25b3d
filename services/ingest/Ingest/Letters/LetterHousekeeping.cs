using Microsoft.Extensions.Logging;
using Millrace.Hosting.Workers;

namespace Millrace.Ingest.Letters;

/// <summary>Drops what is older than the options want it from the list, every ten minutes.</summary>
internal sealed class LetterHousekeeping(LetterIndex index, TimeProvider time, ILogger<LetterHousekeeping> logger) : Worker(time, logger)
{
    private static readonly TimeSpan _interval = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public override string Name => "dead-letter-housekeeping";

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!await index.DropOldAsync(cancellationToken)) await Task.Delay(_interval, Time, cancellationToken);
        }
    }
}

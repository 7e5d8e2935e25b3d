using Microsoft.Extensions.Logging;
using Millrace.Hosting.Workers;

namespace Millrace.Archiver.ClickHouse;

/// <summary>Brings the schema up to date at the start, waiting for ClickHouse as long as it takes.</summary>
internal sealed class SchemaWorker(SchemaMigrator migrator, TimeProvider time, ILogger<SchemaWorker> logger) : Worker(time, logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public override string Name => "archiver-schema";

    /// <summary>Ends once the schema is up to date.</summary>
    public Task ReadyAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);

    /// <summary>Whether the schema is up to date.</summary>
    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        while (true)
        {
            try
            {
                await migrator.RunAsync(cancellationToken);
                _ready.TrySetResult();
                break;
            }
            catch (Ports.ClickHouse.ClickHouseException e) when (e.Retryable)
            {
                // Starting together with ClickHouse is normal: only a long wait is worth a warning.
                Log.SchemaWaits(logger, pause >= LongestPause ? LogLevel.Warning : LogLevel.Debug, e.Message);
            }

            await Task.Delay(pause, Time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, Time, cancellationToken);
    }
}

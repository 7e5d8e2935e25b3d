using Microsoft.Extensions.Logging;
using Millrace.Hosting.Health;
using Millrace.Hosting.Workers;

namespace Millrace.Aggregator.Pipeline;

/// <summary>Runs the pipeline; ready once it has read what stood on the log at the start.</summary>
internal sealed class AggregatorWorker(AggregatorPipeline pipeline, TimeProvider time, ReadinessGate readiness, ILogger<AggregatorWorker> logger)
    : Worker(time, logger, readiness)
{
    /// <inheritdoc/>
    public override string Name => "aggregator";

    /// <inheritdoc/>
    protected override bool IsBulk => true;

    /// <inheritdoc/>
    protected override bool ReadyOnStart => false;

    /// <inheritdoc/>
    protected override Task RunAsync(CancellationToken cancellationToken) => pipeline.RunAsync(MarkReady, cancellationToken);
}

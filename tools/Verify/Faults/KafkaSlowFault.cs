using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>Every answer of every broker waits.</summary>
internal sealed class KafkaSlowFault : IFault
{
    private static readonly TimeSpan _span = TimeSpan.FromSeconds(8);

    public string Name => "kafka-slow";

    public string Summary => "every broker takes 300 ms to answer, for 8 s";

    public bool Suits(ITarget target) => target is ServicesTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var kafka = ((ServicesTarget)context.Target).Cluster.Kafka;
        await kafka.DelayAsync(TimeSpan.FromMilliseconds(300), cancellationToken);
        await FaultContext.LastAsync(_span, cancellationToken);
        await kafka.DelayAsync(TimeSpan.Zero, cancellationToken);
    }
}

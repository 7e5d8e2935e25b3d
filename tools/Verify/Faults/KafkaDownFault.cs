using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>All brokers are away.</summary>
internal sealed class KafkaDownFault : IFault
{
    private static readonly TimeSpan _outage = TimeSpan.FromSeconds(8);

    public string Name => "kafka-down";

    public string Summary => "all brokers are away for 8 s";

    public bool Suits(ITarget target) => target is ServicesTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var kafka = ((ServicesTarget)context.Target).Cluster.Kafka;
        await kafka.StopAsync(cancellationToken);
        await FaultContext.LastAsync(_outage, cancellationToken);
        await kafka.StartAgainAsync(cancellationToken);
    }
}

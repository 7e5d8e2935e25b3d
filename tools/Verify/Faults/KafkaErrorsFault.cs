using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>Brokers refuse requests, and break connections while they are under way.</summary>
internal sealed class KafkaErrorsFault : IFault
{
    private const int BrokenConnection = -195;
    private static readonly TimeSpan _span = TimeSpan.FromSeconds(5);

    // Produce: timed out, not enough replicas, broken off; fetch: not the leader; commit: coordinator not available.
    private static readonly (int Api, int Code, int Count)[] _errors = [(0, 7, 10), (0, 19, 10), (0, BrokenConnection, 5), (1, 6, 10), (8, 15, 5)];

    public string Name => "kafka-errors";

    public string Summary => "brokers answer produce, fetch and commit with errors and broken connections, forty times";

    public bool Suits(ITarget target) => target is ServicesTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var kafka = ((ServicesTarget)context.Target).Cluster.Kafka;
        foreach (var (api, code, count) in _errors) await kafka.FailAsync(api, code, count, cancellationToken);
        await FaultContext.LastAsync(_span, cancellationToken);
        foreach (var api in _errors.Select(error => error.Api).Distinct()) await kafka.ClearFailuresAsync(api, cancellationToken);
    }
}

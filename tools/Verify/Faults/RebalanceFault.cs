using Millrace.Installations;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>Instances join and leave, and partitions move back and forth.</summary>
internal sealed class RebalanceFault : IFault
{
    public string Name => "rebalance";

    public string Summary => "second instances of aggregator, archiver and alerting join, work, and are killed";

    public bool Suits(ITarget target) => target is ServicesTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var settings = ((ServicesTarget)context.Target).Cluster.Settings;
        var joining = new List<HostProcess>();
        try
        {
            foreach (var program in (string[])["Millrace.Aggregator.Host", "Millrace.Archiver.Host", "Millrace.Alerting.Host"])
            {
                joining.Add(await HostProcess.StartAsync(program, settings));
                await context.ProgressAsync(100, cancellationToken);
            }

            await FaultContext.LastAsync(context.Between(2, 5), cancellationToken);
            foreach (var process in joining)
            {
                process.Kill();
                await context.ProgressAsync(100, cancellationToken);
            }
        }
        finally
        {
            joining.ForEach(process => process.Dispose());
        }
    }
}

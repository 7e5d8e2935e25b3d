using Millrace.Hosting.Faults;
using Millrace.Installations;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>
/// A process dies exactly between two writes, at a place that has a name (docs/guarantees.md). Standalone is started again and finishes what it had begun; of
/// the services a second instance joins, dies there, and the first finishes it.
/// </summary>
internal sealed class PointFault(string point) : IFault
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    // Whose second instance gets a share of the work by itself.
    private static readonly Dictionary<string, string> _programs = new(StringComparer.Ordinal)
    {
        ["aggregator"] = "Millrace.Aggregator.Host",
        ["archiver"] = "Millrace.Archiver.Host",
        ["alerting"] = "Millrace.Alerting.Host",
    };

    public string Name => "point:" + point;

    public string Summary => $"dies by itself at {point}";

    private string Service => point[..point.IndexOf('.', StringComparison.Ordinal)];

    public bool Suits(ITarget target) => target is StandaloneTarget || (target is ServicesTarget && _programs.ContainsKey(Service));

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var plan = $"{point}=kill@{context.Random.Next(1, 4)}";
        var reached = context.Target is StandaloneTarget standalone
            ? await DieAsync(standalone, plan, cancellationToken)
            : await DieAsync((ServicesTarget)context.Target, plan, cancellationToken);
        if (!reached) context.NotReached($"{point} was not reached within {_patience.TotalSeconds:0} s");
    }

    private static async Task<bool> DieAsync(StandaloneTarget target, string plan, CancellationToken cancellationToken)
    {
        await target.KillAsync(target.Parts[0], cancellationToken);
        try
        {
            await target.StartAgainAsync(plan);
        }
        catch (Exception) when (!target.IsRunning)
        {
            // It died on the way to being ready: what was left over led it there. It is started again like any other.
            await target.StartAgainAsync(null);
            return true;
        }

        var reached = await FaultContext.TryUntilAsync(() => !target.IsRunning, _patience, cancellationToken);
        if (!reached) await target.KillAsync(target.Parts[0], cancellationToken);
        await target.StartAgainAsync(null);
        return reached;
    }

    private async Task<bool> DieAsync(ServicesTarget target, string plan, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(target.Cluster.Settings) { [FaultPoint.Variable] = plan };
        HostProcess joining;
        try
        {
            joining = await HostProcess.StartAsync(_programs[Service], settings);
        }
        catch (InvalidOperationException)
        {
            return true; // It died before it was ready.
        }

        using (joining) return await FaultContext.TryUntilAsync(() => joining.HasExited, _patience, cancellationToken);
    }
}

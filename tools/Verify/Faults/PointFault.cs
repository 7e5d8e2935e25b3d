using Millrace.Hosting.Faults;
using Millrace.Installations;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>
/// A process dies exactly between two writes, at a place that has a name (docs/guarantees.md). Standalone is started again and finishes what it had begun; of
/// the services a second instance joins, dies there, and the first finishes it. What only happens when somebody asks for it is asked for.
/// </summary>
internal sealed class PointFault(string point) : IFault
{
    private const int Killed = 137;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);

    // It must start first and wait for its share.
    private static readonly TimeSpan _joiningPatience = TimeSpan.FromSeconds(90);

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

    public bool Suits(ITarget target) => target is IOwnTarget;

    public ValueTask<string?> PrepareAsync(ITarget target, CancellationToken cancellationToken) => ValueTask.FromResult(
        PointWork.WhyNever(point)
        ?? (target is StandaloneTarget ? null
            : !_programs.ContainsKey(Service) ? $"a second instance of {Service} gets no work by itself; standalone has this point"
            : PointWork.IsAskedFor(point) ? "whichever instance is free does what is asked for; standalone has this point"
            : null));

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var plan = $"{point}=kill@{context.Random.Next(1, 4)}";
        var (reached, patience) = context.Target is StandaloneTarget standalone
            ? (await DieAsync(standalone, plan, cancellationToken), _patience)
            : (await DieAsync((ServicesTarget)context.Target, plan, cancellationToken), _joiningPatience);
        if (!reached) context.NotReached($"{point} was not reached within {patience.TotalSeconds:0} s");
    }

    private async Task<bool> DieAsync(StandaloneTarget target, string plan, CancellationToken cancellationToken)
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

        using var work = new PointWork(target, point);
        using var reaching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = work.AskAsync(reaching.Token);
        var reached = await FaultContext.TryUntilAsync(() => !target.IsRunning, _patience, cancellationToken);
        await reaching.CancelAsync();
        await asking;
        if (!reached) await target.KillAsync(target.Parts[0], cancellationToken);
        await target.StartAgainAsync(null);
        return reached;
    }

    private async Task<bool> DieAsync(ServicesTarget target, string plan, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(target.Cluster.Settings) { [FaultPoint.Variable] = plan };
        // Not until it is ready: it may die before.
        using var joining = HostProcess.Start(_programs[Service], settings);
        if (!await FaultContext.TryUntilAsync(() => joining.HasExited, _joiningPatience, cancellationToken)) return false;
        return joining.ExitCode == Killed
            ? true
            : throw new InvalidOperationException($"the second {Service} ended with {joining.ExitCode}:\n{joining.Output}");
    }
}

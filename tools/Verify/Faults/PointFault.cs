using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>
/// A process dies exactly between two writes, at a place that has a name (docs/guarantees.md). Standalone is started again and finishes what it had begun. Of
/// the services a second instance joins, dies there, and the first finishes it; where a second one gets no work by itself, or does not get there, the service
/// itself is started anew to die there. What only happens when somebody asks for it is asked for.
/// </summary>
internal sealed class PointFault(string point) : IFault
{
    public string Name => "point:" + point;

    public string Summary => $"dies by itself at {point}";

    private string Service => point[..point.IndexOf('.', StringComparison.Ordinal)];

    public bool Suits(ITarget target) => target is IOwnTarget;

    public ValueTask<string?> PrepareAsync(ITarget target, CancellationToken cancellationToken) => ValueTask.FromResult(PointWork.WhyNever(point));

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        // What is asked for is slow, so the first time will do.
        var arrival = context.Random.Next(1, 4);
        var plan = $"{point}=kill@{(PointWork.IsAskedFor(point) ? 1 : arrival)}";
        var target = (IOwnTarget)context.Target;
        using var work = new PointWork(target, point);
        var reached = target is StandaloneTarget standalone
            ? await PointDeaths.OfStandaloneAsync(standalone, plan, work, cancellationToken)
            : await DieAsync(context, (ServicesTarget)target, plan, work, cancellationToken);
        if (!reached) context.NotReached($"{point} was not reached within {PointDeaths.Patience.TotalSeconds:0} s");
    }

    private async Task<bool> DieAsync(FaultContext context, ServicesTarget target, string plan, PointWork work, CancellationToken cancellationToken)
    {
        if (!PointWork.IsAskedFor(point) && PointDeaths.MayJoin(Service))
        {
            if (await PointDeaths.OfSecondInstanceAsync(target, Service, plan, cancellationToken)) return true;
            context.Say("           not by the second instance; now by the first");
        }

        return await PointDeaths.OfServiceAsync(target, Service, plan, work, cancellationToken);
    }
}

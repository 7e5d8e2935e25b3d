using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>The process dies exactly between two writes, at a place that has a name (docs/guarantees.md).</summary>
internal sealed class PointFault(string point) : IFault
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    public string Name => "point:" + point;

    public string Summary => $"dies by itself at {point}";

    public bool Suits(ITarget target) => target is StandaloneTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var target = (StandaloneTarget)context.Target;
        var arrival = context.Random.Next(1, 4);
        await target.KillAsync(target.Parts[0], cancellationToken);
        try
        {
            await target.StartAgainAsync($"{point}=kill@{arrival}");
        }
        catch (Exception) when (!target.IsRunning)
        {
            // It died on the way to being ready: what was left over led it there.
            context.Say($"{point} was reached during the start");
        }

        if (!await FaultContext.TryUntilAsync(() => !target.IsRunning, _patience, cancellationToken))
        {
            context.Say($"{point} was not reached within {_patience.TotalSeconds:0} s");
            await target.KillAsync(target.Parts[0], cancellationToken);
        }

        await target.StartAgainAsync(null);
    }
}

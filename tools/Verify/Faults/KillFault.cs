using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>kill -9 of the whole, or of one service after the other.</summary>
internal sealed class KillFault : IFault
{
    public string Name => "kill";

    public string Summary => "kill -9 of standalone with all its children; of the services each in turn";

    public bool Suits(ITarget target) => target is IOwnTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var target = (IOwnTarget)context.Target;
        foreach (var part in target.Parts)
        {
            await target.KillAsync(part, cancellationToken);
            await target.ReviveAsync(part, cancellationToken);
            await context.ProgressAsync(100, cancellationToken);
        }
    }
}

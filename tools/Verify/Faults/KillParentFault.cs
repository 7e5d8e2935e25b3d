using Millrace.Servers;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>kill -9 of the process alone: its ClickHouse must go with it, or the next start would find its data in use.</summary>
internal sealed class KillParentFault : IFault
{
    public string Name => "kill-parent";

    public string Summary => "kill -9 of standalone's own process, not of its children; started again at once";

    public bool Suits(ITarget target) => target is StandaloneTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var target = (StandaloneTarget)context.Target;
        Signals.Send(target.ProcessId, Signals.Kill);
        await FaultContext.UntilAsync(() => !target.IsRunning, TimeSpan.FromSeconds(10), "the process is gone", cancellationToken);
        await target.StartAgainAsync(null);
    }
}

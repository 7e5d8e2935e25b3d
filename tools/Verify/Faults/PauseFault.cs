using Millrace.Servers;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>The process stands still and goes on, as a virtual machine that is moved.</summary>
internal sealed class PauseFault : IFault
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);

    public string Name => "pause";

    public string Summary => "SIGSTOP of standalone and its ClickHouse, or of one service, for 10 s, then SIGCONT";

    public bool Suits(ITarget target) => target is StandaloneTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var target = (StandaloneTarget)context.Target;
        var child = target.ClickHouseProcessId;
        int[] processes = child == 0 ? [target.ProcessId] : [target.ProcessId, child];
        foreach (var process in processes) Signals.Send(process, Signals.Stop);
        try
        {
            await FaultContext.LastAsync(_pause, cancellationToken);
        }
        finally
        {
            foreach (var process in processes) Signals.Send(process, Signals.Continue);
        }
    }
}

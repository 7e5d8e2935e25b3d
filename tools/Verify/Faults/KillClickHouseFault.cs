using Millrace.Servers;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>kill -9 of the embedded ClickHouse, which standalone must start again.</summary>
internal sealed class KillClickHouseFault : IFault
{
    public string Name => "kill-clickhouse";

    public string Summary => "kill -9 of the embedded ClickHouse's process; standalone starts it again";

    public bool Suits(ITarget target) => target is StandaloneTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var target = (StandaloneTarget)context.Target;
        var child = target.ClickHouseProcessId;
        if (child == 0) return;
        Signals.Send(child, Signals.Kill);
        await FaultContext.UntilAsync(
            () => target.ClickHouseProcessId is var now && now != 0 && now != child, TimeSpan.FromSeconds(60), "another ClickHouse process", cancellationToken);
    }
}

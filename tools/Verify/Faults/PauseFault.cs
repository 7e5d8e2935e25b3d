using Millrace.Servers;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>Processes stand still and go on, as a virtual machine that is moved: others may have taken over what they hold to be theirs.</summary>
internal sealed class PauseFault : IFault
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);

    public string Name => "pause";

    public string Summary => "SIGSTOP for 10 s, then SIGCONT: of standalone with its ClickHouse, or of a service that the seed picks";

    public bool Suits(ITarget target) => target is IOwnTarget;

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var processes = ProcessesOf(context);
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

    private static int[] ProcessesOf(FaultContext context)
    {
        if (context.Target is ServicesTarget services)
        {
            var part = services.Parts[context.Random.Next(services.Parts.Count)];
            context.Say("           " + part);
            return [services.Cluster.Services.ProcessOf(part)];
        }

        var target = (StandaloneTarget)context.Target;
        var child = target.ClickHouseProcessId;
        return child == 0 ? [target.ProcessId] : [target.ProcessId, child];
    }
}

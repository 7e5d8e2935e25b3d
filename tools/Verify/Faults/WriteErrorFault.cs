using System.Globalization;
using Millrace.Installations;
using Millrace.Servers;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>
/// Every write to a file fails, as on a disk that is broken: standalone and its ClickHouse get a limit of no bytes for their files (RLIMIT_FSIZE), so that the system
/// answers each write with an error.
/// </summary>
internal sealed class WriteErrorFault : IFault
{
    private static readonly TimeSpan _span = TimeSpan.FromSeconds(6);

    public string Name => "write-error";

    public string Summary => "every write to a file fails for 6 s (a limit of 0 bytes for files)";

    public bool Suits(ITarget target) => target is StandaloneTarget;

    public async ValueTask<string?> PrepareAsync(ITarget target, CancellationToken cancellationToken)
    {
        // The signal that comes with the error would end the process; whoever is started from now on ignores it, too.
        Signals.Ignore(Signals.FileSizeExceeded);
        await ((StandaloneTarget)target).StartAgainAsync(null);
        return null;
    }

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        var target = (StandaloneTarget)context.Target;
        await LimitAsync(target, "0");
        try
        {
            await FaultContext.LastAsync(_span, cancellationToken);
        }
        finally
        {
            await LimitAsync(target, "unlimited");
        }
    }

    // The parent first: what it starts from then on has the same limit.
    private static async Task LimitAsync(StandaloneTarget target, string limit)
    {
        await SetAsync(target.ProcessId, limit);
        foreach (var child in Processes.ChildrenOf(target.ProcessId)) await SetAsync(child, limit);
    }

    private static async Task SetAsync(int process, string limit)
    {
        try
        {
            await Commands.RunAsync(["prlimit", "--pid", process.ToString(CultureInfo.InvariantCulture), $"--fsize={limit}:"], null, CancellationToken.None);
        }
        catch (InvalidOperationException) when (!Processes.IsAlive(process))
        {
            // It has ended, as ClickHouse does when it can't write.
        }
    }
}

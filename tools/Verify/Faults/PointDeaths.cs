using Millrace.Hosting.Faults;
using Millrace.Installations;
using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>The ways in which a process of a target is made to die at a place. Each ends with the target whole again.</summary>
internal static class PointDeaths
{
    private const int Killed = 137;

    // One that ends again and again is started after a pause that grows to 15 s.
    private static readonly TimeSpan _startAgain = TimeSpan.FromSeconds(60);

    // Whose second instance gets a share of the work by itself.
    private static readonly Dictionary<string, string> _programs = new(StringComparer.Ordinal)
    {
        ["aggregator"] = "Millrace.Aggregator.Host",
        ["archiver"] = "Millrace.Archiver.Host",
        ["alerting"] = "Millrace.Alerting.Host",
    };

    /// <summary>How long a process has to start, to get its share of the work, and to come there.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether a second instance of a service gets work by itself.</summary>
    public static bool MayJoin(string service) => _programs.ContainsKey(service);

    /// <summary>Standalone is killed, started to die there, and started again.</summary>
    /// <returns>Whether it came there.</returns>
    public static async Task<bool> OfStandaloneAsync(StandaloneTarget target, string plan, PointWork work, CancellationToken cancellationToken)
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

        var reached = await work.UntilAsync(() => !target.IsRunning, Patience, cancellationToken);
        if (!reached) await target.KillAsync(target.Parts[0], cancellationToken);
        await target.StartAgainAsync(null);
        return reached;
    }

    /// <summary>A second instance joins and dies there; the first takes its share back.</summary>
    /// <returns>Whether it came there.</returns>
    public static async Task<bool> OfSecondInstanceAsync(ServicesTarget target, string service, string plan, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(target.Cluster.Settings) { [FaultPoint.Variable] = plan };
        // Not until it is ready: it may die before.
        using var joining = HostProcess.Start(_programs[service], settings);
        if (!await FaultContext.TryUntilAsync(() => joining.HasExited, Patience, cancellationToken)) return false;
        return joining.ExitCode == Killed ? true : throw new InvalidOperationException($"the second {service} ended with {joining.ExitCode}:\n{joining.Output}");
    }

    /// <summary>The service is killed, starts again to die there, and starts again.</summary>
    /// <returns>Whether it came there.</returns>
    public static async Task<bool> OfServiceAsync(ServicesTarget target, string service, string plan, PointWork work, CancellationToken cancellationToken)
    {
        var services = target.Cluster.Services;
        var before = services.ProcessOf(service);
        int doomed;
        bool reached;
        await File.WriteAllTextAsync(target.Cluster.FaultFile, plan, cancellationToken);
        try
        {
            Processes.KillAlone(before);
            await FaultContext.UntilAsync(() => services.ProcessOf(service) != before, _startAgain, $"{service} started again", cancellationToken);
            doomed = services.ProcessOf(service);
            reached = await work.UntilAsync(() => !Processes.IsAlive(doomed), Patience, cancellationToken);
        }
        finally
        {
            // Its successor starts a second later at the earliest.
            File.Delete(target.Cluster.FaultFile);
        }

        if (!reached) Processes.KillAlone(doomed);
        await services.UntilReplacedAsync(service, doomed);
        if (services.ExitCodeOf(service) is var code and not Killed) throw new InvalidOperationException($"{service} ended with {code}:\n{services.Output}");
        return reached;
    }
}

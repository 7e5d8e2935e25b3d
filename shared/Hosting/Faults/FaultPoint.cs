using System.Diagnostics;

namespace Millrace.Hosting.Faults;

/// <summary>
/// Places where a process dies on request, as if by <c>kill -9</c>, so that crashes between two writes are tried at every one of them and not left to
/// luck. For tests and <c>./millrace verify</c>: without the environment variable <see cref="Variable"/> nothing happens and nothing is paid.
/// </summary>
public static class FaultPoint
{
    /// <summary>
    /// The variable that says where: <c>archiver.rows.inserted=kill@3</c> at the third arrival there. <c>@</c> and a path: what that file says at the
    /// start of the process, nothing where there is none.
    /// </summary>
    public const string Variable = "MILLRACE_FAULT";

    private static readonly string Text = FaultPlan.Resolve(Environment.GetEnvironmentVariable(Variable) ?? "");

    // Constant once compiled: the branch below folds away where there is no plan.
    private static readonly bool IsArmed = Text.Length > 0;
    private static readonly Lazy<FaultPlan> Plan = new(() => FaultPlan.Parse(Text));

    /// <summary>Passes a place; does not return where the process is to die here.</summary>
    /// <param name="name">One of <see cref="FaultPointNames"/>.</param>
    public static void Reach(string name)
    {
        if (IsArmed && Plan.Value.IsDue(name)) Die();
    }

    /// <summary>Reads the variable, so that a mistake in it is told at start.</summary>
    /// <exception cref="StartException">It says something else than where to die.</exception>
    internal static void Check()
    {
        if (IsArmed) _ = Plan.Value;
    }

    private static void Die()
    {
        using var self = Process.GetCurrentProcess();
        // SIGKILL: no handler, no finally, no flush. Returns at most on systems that deliver it a little later.
        self.Kill();
        self.WaitForExit();
    }
}

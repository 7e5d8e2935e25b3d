namespace Millrace.Hosting.Commands;

/// <summary>What a host can be asked to do instead of running: the first word of its command line.</summary>
internal static class HostCommand
{
    /// <summary>Asks the host that runs on this machine whether it is ready, by <c>/health/ready</c>; a port may follow.</summary>
    public const string Health = "--health";

    /// <summary>Prints every setting in force, secrets masked, and what is wrong with them.</summary>
    public const string PrintConfiguration = "--print-config";

    /// <summary>The command that a command line begins with, or null.</summary>
    public static string? Of(string[] arguments) => arguments is [Health or PrintConfiguration, ..] ? arguments[0] : null;

    /// <summary>What remains for the host itself.</summary>
    public static string[] WithoutCommand(string[] arguments) => Of(arguments) switch
    {
        null => arguments,
        Health => [],
        _ => arguments[1..],
    };
}

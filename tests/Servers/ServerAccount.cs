namespace Millrace.Servers;

/// <summary>
/// The account under which a server's program runs: the tests' own, but where that is root, which many servers refuse, one without rights.
/// </summary>
/// <param name="Name">Name of the account; null means the tests' own.</param>
public sealed record ServerAccount(string? Name)
{
    /// <summary>The tests' own account, or where that is root the first of these that exists: the given ones, <c>nobody</c>.</summary>
    public static ServerAccount Of(params string[] preferred)
    {
        if (!Environment.IsPrivilegedProcess) return new ServerAccount((string?)null);
        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet(StringComparer.Ordinal);
        return new ServerAccount(preferred.FirstOrDefault(known.Contains) ?? "nobody");
    }

    /// <summary>The command that runs a program under this account; it becomes the program, so that its process id is the program's.</summary>
    public string[] Command(string program, params IEnumerable<string> arguments) => Name is null
        ? [program, .. arguments]
        : ["setpriv", $"--reuid={Name}", $"--regid={GroupId()}", "--clear-groups", program, .. arguments];

    /// <summary>A new directory under the system's temporary one that belongs to the account.</summary>
    public async Task<string> CreateDirectoryAsync(string name, CancellationToken cancellationToken) =>
        (await Commands.RunAsync(Command("mktemp", "-d", Path.Combine(Path.GetTempPath(), $"millrace-{name}-XXXXXX")), null, cancellationToken)).Trim();

    private string GroupId() => File.ReadLines("/etc/passwd").Select(line => line.Split(':')).First(fields => fields[0] == Name)[3];
}

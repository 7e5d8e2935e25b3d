using System.Diagnostics;

namespace Millrace.Servers;

/// <summary>Programs that run and end.</summary>
public static class Commands
{
    /// <summary>Runs a program to its end and answers with what it wrote to its standard output.</summary>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Variables beside the tests' own.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="InvalidOperationException">It failed; the message has what it wrote to its standard error.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        using var process = Process.Start(Describe(command, environment)) ?? throw new InvalidOperationException($"{command[0]} did not start.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"{string.Join(' ', command)} failed ({process.ExitCode}): {await errors}{await output}");
    }

    /// <summary>How a program is started: without a shell, in the root directory, its output caught.</summary>
    internal static ProcessStartInfo Describe(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // An account without rights can't stand in the tests' directory.
            WorkingDirectory = "/",
        };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return start;
    }
}

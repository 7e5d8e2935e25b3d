using System.Diagnostics;

namespace Millrace.Benchmarks.Overload;

/// <summary>Who runs where: Millrace with its ClickHouse on one half of the processors, the senders on the other, or all on all.</summary>
/// <param name="divided">Whether they are divided.</param>
internal sealed class Processors(bool divided)
{
    /// <summary>What it is, for the report.</summary>
    public string Description => divided
        ? $"Millrace on processors {Millraces}, the senders on {Others}"
        : $"Millrace and the senders share {Environment.ProcessorCount} processors";

    private static string Millraces => Range(0, (Environment.ProcessorCount / 2) - 1);

    private static string Others => Range(Environment.ProcessorCount / 2, Environment.ProcessorCount - 1);

    /// <summary>Starts a program where Millrace runs.</summary>
    public ProcessStartInfo Millrace(IEnumerable<string> command) => On(Millraces, command);

    /// <summary>Starts a program where the senders run.</summary>
    public ProcessStartInfo Senders(IEnumerable<string> command) => On(Others, command);

    /// <summary>Has this process, whose quiet tenants send, run where the senders do.</summary>
    public async Task MoveHereAsync()
    {
        if (!divided) return;
        using var process = Process.Start(new ProcessStartInfo("taskset", ["-a", "-p", "-c", Others, $"{Environment.ProcessId}"]) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException("taskset failed: --divided needs it, and two processors.");
    }

    private static string Range(int first, int last) => first == last ? $"{first}" : $"{first}-{last}";

    private ProcessStartInfo On(string processors, IEnumerable<string> command)
    {
        string[] all = divided ? ["taskset", "-c", processors, .. command] : [.. command];
        return new ProcessStartInfo(all[0], all[1..]);
    }
}

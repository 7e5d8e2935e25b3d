using System.Diagnostics;
using Millrace.Testing;
using Xunit;

namespace Millrace.Deploy.Tests.Support;

/// <summary>A service's program, as it was built.</summary>
internal static class HostProgram
{
    private static readonly Dictionary<string, string> Programs = new(StringComparer.Ordinal)
    {
        ["ingest"] = "Ingest",
        ["aggregator"] = "Aggregator",
        ["realtime-gateway"] = "RealtimeGateway",
        ["alerting"] = "Alerting",
        ["archiver"] = "Archiver",
    };

    /// <summary>Has a service print its settings: exit code 0 when it would start with them. Nothing is opened, nobody is called.</summary>
    public static async Task<(int Code, string Settings, string Errors)> PrintConfigAsync(string service, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var name = $"Millrace.{Programs[service]}.Host";
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Path.Combine(Repository.Root, "artifacts", "bin", name, configuration, name + ".dll");
        TestEnvironment.RequireOrSkip(File.Exists(program), $"build {name} first: ./millrace test does");
        using var folder = new TempDirectory();
        var start = new ProcessStartInfo("dotnet", [program, "--print-config"]) { WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var inherited in start.Environment.Keys.Where(Settings.IsOurs).Where(key => key.StartsWith("Millrace_", StringComparison.Ordinal)).ToList()) start.Environment.Remove(inherited);
        foreach (var (key, value) in environment) start.Environment[key] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var settings = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, settings, await errors);
    }
}

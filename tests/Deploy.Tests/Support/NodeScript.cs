using System.Diagnostics;
using Millrace.Testing;
using Xunit;

namespace Millrace.Deploy.Tests.Support;

/// <summary>A script of <c>tests/clients/manifests</c>, with its npm packages.</summary>
internal static class NodeScript
{
    /// <summary>The lines that it says of what it is given; the test is skipped where Node.js or the packages are not.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(string script, string input)
    {
        var node = TestEnvironment.RequireProgramOrSkip("node", "install Node.js 20");
        var folder = Path.Combine(Repository.Root, "tests", "clients", "manifests");
        TestEnvironment.RequireOrSkip(Directory.Exists(Path.Combine(folder, "node_modules")), $"run npm ci in {folder}");
        using var process = Process.Start(new ProcessStartInfo(node, [Path.Combine(folder, script)]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

using System.Diagnostics;
using Xunit;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>Runs a script of tests/clients with Node.</summary>
internal static class NodeScript
{
    public static async Task RunAsync(string client, string script, TimeSpan limit, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("node", [script, .. arguments])
        {
            WorkingDirectory = Repository.Clients(client),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{script} ended with {process.ExitCode}\n{await output}\n{await errors}");
    }
}

using System.Diagnostics;
using System.Text;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>Runs scripts of <c>tests/clients/centrifuge</c>, which drive the published npm package.</summary>
internal static class ClientScript
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Runs the conformance suite in a format over a transport.</summary>
    public static Task ConformAsync(GatewayServer server, string format, string transport)
    {
        var soon = TimeProvider.System.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds();
        var claims = new Dictionary<string, object> { ["tenant"] = GatewayServer.Tenant, ["sub"] = $"{format}-{transport}", ["scope"] = "read", ["exp"] = soon };
        var subs = GatewayServer.Sign(new Dictionary<string, object>(claims) { ["subs"] = new Dictionary<string, object> { ["tenant:acme:metrics:shop"] = new { } } });
        var narrow = GatewayServer.Sign(new Dictionary<string, object>(claims) { ["channels"] = new[] { "tenant:acme:alerts" } });
        var channel = GatewayServer.Sign(new Dictionary<string, object>(claims) { ["channel"] = "tenant:acme:metrics:shop" });
        return RunAsync(server, "conformance.mjs", [format, transport, subs, narrow, channel]);
    }

    /// <summary>Runs a script to its end, while windows of stream <c>shop</c> come one after the other.</summary>
    /// <param name="server">Whom it talks to.</param>
    /// <param name="script">Its file.</param>
    /// <param name="arguments">What follows address and key.</param>
    /// <param name="whenReady">Done once the script has said <c>ready</c>.</param>
    public static async Task RunAsync(GatewayServer server, string script, string[] arguments, Func<Task>? whenReady = null)
    {
        var node = TestEnvironment.RequireProgramOrSkip("node", "https://nodejs.org, or: apt-get install nodejs npm");
        var folder = Folder();
        TestEnvironment.RequireOrSkip(Directory.Exists(Path.Combine(folder, "node_modules")), "npm ci in tests/clients/centrifuge");
        string[] all = [script, server.Address.ToString(), GatewayServer.ApiKey, .. arguments];
        var start = new ProcessStartInfo(node, all) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = ReadAsync(process.StandardOutput, whenReady);
        var errors = process.StandardError.ReadToEndAsync();
        var exit = process.WaitForExitAsync();
        try
        {
            // One window after the other, as an aggregator would; the script looks for gaps.
            using var beat = new PeriodicTimer(Pause);
            for (var second = 1; !exit.IsCompleted; second++)
            {
                await server.Writer.PutAsync(LogWriter.Window(second, 1));
                await beat.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{await output}\n{await errors}");
    }

    private static async Task<string> ReadAsync(StreamReader output, Func<Task>? whenReady)
    {
        var text = new StringBuilder();
        while (await output.ReadLineAsync() is { } line)
        {
            text.AppendLine(line);
            if (line == "ready" && whenReady is not null) await whenReady();
        }

        return text.ToString();
    }

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Millrace.slnx"))) return Path.Combine(folder.FullName, "tests", "clients", "centrifuge");
        }

        throw new InvalidOperationException($"No Millrace.slnx above {AppContext.BaseDirectory}");
    }
}

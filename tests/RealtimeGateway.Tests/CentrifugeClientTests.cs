using System.Diagnostics;
using Millrace.RealtimeGateway.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The published npm package <c>centrifuge</c>, unmodified.</summary>
public sealed class CentrifugeClientTests : GatewayTest
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    [Fact]
    public Task Published_client_connects_recovers_refreshes_and_is_refused_where_it_must_be() => RunAsync("session.mjs");

    [Theory]
    [InlineData("json", "websocket")]
    [InlineData("json", "http_stream")]
    [InlineData("json", "sse")]
    [InlineData("protobuf", "websocket")]
    [InlineData("protobuf", "http_stream")]
    public Task Published_client_finds_everything_in_every_format_over_every_transport(string format, string transport) =>
        RunAsync("conformance.mjs", format, transport);

    private async Task RunAsync(string script, params string[] arguments)
    {
        var node = TestEnvironment.RequireProgramOrSkip("node", "https://nodejs.org, or: apt-get install nodejs npm");
        var folder = Folder();
        TestEnvironment.RequireOrSkip(Directory.Exists(Path.Combine(folder, "node_modules")), "npm ci in tests/clients/centrifuge");
        string[] all = [script, Server.Address.ToString(), GatewayServer.ApiKey, .. arguments.Length > 0 ? arguments : [await Server.ExpiredTokenAsync()]];
        var start = new ProcessStartInfo(node, all) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var exit = process.WaitForExitAsync();
        try
        {
            // One window after the other, as an aggregator would; the script looks for gaps.
            using var beat = new PeriodicTimer(Pause);
            for (var second = 1; !exit.IsCompleted; second++)
            {
                await Writer.PutAsync(LogWriter.Window(second, 1));
                await beat.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            }
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{await output}\n{await errors}");
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

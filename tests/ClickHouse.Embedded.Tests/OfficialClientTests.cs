using System.Diagnostics;
using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>The official JavaScript client, unmodified; what it does is in tests/clients/clickhouse.</summary>
[Collection(ServerCollection.Name)]
public sealed class OfficialClientTests(ServerFixture server)
{
    [Fact]
    public async Task Official_client_works_as_it_is()
    {
        var folder = Path.Combine(Repository(), "tests", "clients", "clickhouse");
        TestEnvironment.RequireOrSkip(Directory.Exists(Path.Combine(folder, "node_modules", "@clickhouse", "client")), $"run npm ci in {folder}");
        var start = new ProcessStartInfo(TestEnvironment.RequireProgramOrSkip("node", "apt-get install nodejs"), ["--test", "client.test.mjs"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MILLRACE_TEST_CLICKHOUSE_URL"] = server.Server.Endpoint.AbsoluteUri;
        start.Environment["MILLRACE_TEST_CLICKHOUSE_SECRET"] = ServerProcess.Secret;
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync();
        var output = await node.StandardOutput.ReadToEndAsync();
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, output + await errors);
    }

    private static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Millrace.slnx")))
            directory = directory.Parent ?? throw new InvalidOperationException("The tests run outside the repository.");
        return directory.FullName;
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.ClickHouse;
using Millrace.Ports.ClickHouse;
using Xunit;
using ClickHouseServer = Millrace.Servers.ClickHouseServer;

namespace Millrace.Adapters.EmbeddedClickHouse.Tests;

/// <summary>The program as a server of its own, reached by an address in the options.</summary>
public sealed class ServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Server_stopped_killed_and_started_again_keeps_its_port_and_its_data()
    {
        await using var server = await ClickHouseServer.StartAsync(Cancel);
        await using var services = Connect(server);
        var client = services.GetRequiredService<IClickHouse>();
        await client.ExecuteAsync(new ClickHouseQuery("CREATE TABLE kept (n UInt8) ENGINE = MergeTree ORDER BY n"), Cancel);
        await InsertAsync(client, 1);

        await server.StopAsync(Cancel);
        await Assert.ThrowsAsync<ClickHouseException>(() => client.PingAsync(Cancel));
        await server.StartAgainAsync(Cancel);
        await InsertAsync(client, 2);
        await server.KillAsync(Cancel);
        await server.StartAgainAsync(Cancel);

        Assert.Equal("1,2", await ReadAsync(client));
    }

    [Fact]
    public async Task Server_paused_answers_when_it_is_resumed()
    {
        await using var server = await ClickHouseServer.StartAsync(Cancel);
        await using var services = Connect(server);
        var client = services.GetRequiredService<IClickHouse>();

        server.Pause();
        var answer = client.PingAsync(Cancel);
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(300), Cancel));
        server.Resume();

        await answer;
    }

    private static ServiceProvider Connect(ClickHouseServer server) =>
        new ServiceCollection().AddClickHouseAdapter(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:ClickHouse:Url"] = server.Url.AbsoluteUri,
            ["Millrace:ClickHouse:User"] = server.User,
            ["Millrace:ClickHouse:Secret"] = server.Secret,
        }).Build()).BuildServiceProvider();

    private static Task InsertAsync(IClickHouse client, byte n) => client.InsertAsync(new ClickHouseInsert("kept", "RowBinary"), new[] { n }, Cancel);

    private static async Task<string> ReadAsync(IClickHouse client)
    {
        await using var rows = await client.QueryAsync(new ClickHouseQuery("SELECT arrayStringConcat(groupArray(toString(n)), ',') FROM (SELECT n FROM kept ORDER BY n)") { Format = "TSV" }, Cancel);
        using var reader = new StreamReader(rows.Body);
        return (await reader.ReadToEndAsync(Cancel)).Trim();
    }
}

using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>A query ends when its client goes, and no more run at once than may.</summary>
public sealed class CancellationTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private ServerProcess? _server;
    private ClickHouseHttp _administrator = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_directory.Path, "--max-queries", "6", "--max-tenants-queries", "4", "--max-queries-of-a-tenant", "2", "--tenant-max-seconds", "100");
        _administrator = _server.Administrator();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("SELECT /* marked */ count() FROM numbers(1000000000000)")]
    [InlineData("SELECT /* marked */ number FROM numbers(1000000000000) FORMAT JSONEachRow")]
    [InlineData("INSERT INTO FUNCTION null('n UInt64') SELECT /* marked */ number FROM numbers(1000000000000)")]
    public async Task Query_ends_when_its_client_goes(string sql)
    {
        using var cancel = new CancellationTokenSource();
        var running = _administrator.Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "") { Content = new StringContent(sql) }, HttpCompletionOption.ResponseHeadersRead, cancel.Token);
        await Eventually.TrueAsync(async () => await RunningAsync() == 1);
        if (sql.Contains("JSONEachRow", StringComparison.Ordinal)) (await running).Dispose();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await running;
            cancel.Token.ThrowIfCancellationRequested();
        });
        await Eventually.TrueAsync(async () => await RunningAsync() == 0);
    }

    [Fact]
    public async Task Queries_beyond_the_limit_are_refused_and_tenants_leave_room()
    {
        using var cancel = new CancellationTokenSource();
        using var alice = _server!.Tenant("alice");
        using var bob = _server.Tenant("bob");
        using var carol = _server.Tenant("carol");
        var running = new[] { alice, alice, bob, bob }.Select(client => client.Client.PostAsync("", new StringContent("SELECT /* marked */ count() FROM numbers(1000000000000)"), cancel.Token)).ToList();
        await Eventually.TrueAsync(async () => await RunningAsync() == 4);
        foreach (var client in new[] { alice, carol })
        {
            var answer = await client.SendAsync("SELECT 1");
            Assert.Equal("202", answer.Header("X-ClickHouse-Exception-Code"));
            Assert.Contains("TOO_MANY_SIMULTANEOUS_QUERIES", answer.Text, StringComparison.Ordinal);
        }
        Assert.Equal("1", await _administrator.QueryAsync("SELECT 1"));
        await cancel.CancelAsync();
        foreach (var query in running) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        await Eventually.TrueAsync(async () => await RunningAsync() == 0);
        await Eventually.TrueAsync(async () => (await alice.SendAsync("SELECT 1")).Text == "1\n");
    }

    [Fact]
    public async Task Stopping_ends_running_queries()
    {
        var running = _administrator.SendAsync("SELECT /* marked */ count() FROM numbers(1000000000000)");
        await Eventually.TrueAsync(async () => await RunningAsync() == 1);
        Assert.Equal(0, await _server!.TerminateAsync());
        Assert.Equal("394", (await running).Header("X-ClickHouse-Exception-Code"));
    }

    private async Task<int> RunningAsync() =>
        int.Parse(await _administrator.QueryAsync("SELECT count() FROM system.processes WHERE query LIKE '%/* marked */%' AND query NOT LIKE '%system.processes%'"));
}

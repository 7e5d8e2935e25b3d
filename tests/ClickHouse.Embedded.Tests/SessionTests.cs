using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

[Collection(ServerCollection.Name)]
public sealed class SessionTests(ServerFixture server)
{
    [Fact]
    public async Task Session_keeps_its_tables_and_settings_and_survives_errors()
    {
        var session = $"session_id={Guid.NewGuid()}";
        await server.Administrator.QueryAsync("CREATE TEMPORARY TABLE t (n UInt8)", session);
        await server.Administrator.QueryAsync("SET max_block_size = 3", session);
        await server.Administrator.QueryAsync("USE millrace", session);
        Assert.Equal("47", (await server.Administrator.SendAsync("SELECT nope", session)).Header("X-ClickHouse-Exception-Code"));
        Assert.Equal("117", (await server.Administrator.SendAsync("INSERT INTO t FORMAT CSV\nx\n", session)).Header("X-ClickHouse-Exception-Code"));
        await server.Administrator.QueryAsync("INSERT INTO t VALUES (7)", session);
        Assert.Equal("7\t3\tmillrace", await server.Administrator.QueryAsync("SELECT n, getSetting('max_block_size'), currentDatabase() FROM t", session));
        Assert.Equal("60", (await server.Administrator.SendAsync("SELECT * FROM t")).Header("X-ClickHouse-Exception-Code"));
    }

    [Fact]
    public async Task Session_is_used_by_one_request_at_a_time()
    {
        var session = $"session_id={Guid.NewGuid()}";
        using var cancel = new CancellationTokenSource();
        var running = server.Administrator.Client.PostAsync("?" + session, new StringContent("SELECT /* held */ count() FROM numbers(1000000000000)"), cancel.Token);
        await Eventually.TrueAsync(async () => await server.Administrator.QueryAsync("SELECT count() FROM system.processes WHERE query LIKE 'SELECT /* held */%'") == "1");
        Assert.Equal("373", (await server.Administrator.SendAsync("SELECT 1", session)).Header("X-ClickHouse-Exception-Code"));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Eventually.TrueAsync(async () => (await server.Administrator.SendAsync("SELECT 1", session)).Text == "1\n");
    }

    [Theory]
    [InlineData("session_id=never-made&session_check=1", "372")]
    [InlineData("session_id=x&session_timeout=never", "36")]
    [InlineData("session_id=x&session_timeout=3601", "36")]
    public async Task Wrong_session_is_an_error(string parameters, string code) =>
        Assert.Equal(code, (await server.Administrator.SendAsync("SELECT 1", parameters)).Header("X-ClickHouse-Exception-Code"));

    [Fact]
    public async Task Idle_session_is_closed()
    {
        var session = $"session_id={Guid.NewGuid()}&session_timeout=0";
        await server.Administrator.QueryAsync("CREATE TEMPORARY TABLE t (n UInt8)", session);
        Assert.Equal("60", (await server.Administrator.SendAsync("SELECT * FROM t", session)).Header("X-ClickHouse-Exception-Code"));
    }
}

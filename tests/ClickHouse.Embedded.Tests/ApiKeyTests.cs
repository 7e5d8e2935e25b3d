using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Adapters.Sqlite;
using Millrace.ClickHouse.Embedded.Auth;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Tests.Support;
using Millrace.Hosting;
using Millrace.Hosting.Authentication;
using Millrace.Ports.Metadata;
using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests;

/// <summary>BI users come with API keys out of the installation's metadata database.</summary>
public sealed class ApiKeyTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private IHost _host = null!;

    private IApiKeyStore Keys => _host.Services.GetRequiredService<IApiKeyStore>();

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Millrace:Metadata:File"] = _directory.File("metadata.db") });
        builder.Services.AddMillraceHosting(builder.Configuration).AddSqliteAdapter(builder.Configuration);
        _host = builder.Build();
        await _host.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Key_with_scope_read_gets_its_tenant_in_until_it_is_revoked()
    {
        var reader = (await Keys.CreateAsync("acme", "bi", Scopes.Read, "test", TestContext.Current.CancellationToken))!;
        var producer = (await Keys.CreateAsync("acme", "shop", Scopes.Ingest, "test", TestContext.Current.CancellationToken))!;
        await using var server = await ServerProcess.StartAsync(_directory.File("clickhouse"), "--metadata", _directory.File("metadata.db"));
        using var acme = new ClickHouseHttp(server.Endpoint, "acme", reader.ClearText);
        Assert.Equal("millrace", await acme.QueryAsync("SELECT currentDatabase()"));
        foreach (var (user, key) in new[] { ("other", reader.ClearText), ("acme", producer.ClearText), ("acme", reader.ClearText + "x"), ("acme", reader.Key.Id), ("millrace", reader.ClearText), ("acme", "mk_x_y") })
        {
            using var wrong = new ClickHouseHttp(server.Endpoint, user, key);
            Assert.Equal(HttpStatusCode.Forbidden, (await wrong.SendAsync("SELECT 1")).Status);
        }
        using (var derived = server.Tenant("acme")) Assert.Equal("1", await derived.QueryAsync("SELECT 1"));

        Assert.True(await Keys.RevokeAsync("acme", reader.Key.Id, "test", TestContext.Current.CancellationToken));
        await Eventually.TrueAsync(async () => (await acme.SendAsync("SELECT 1")).Status == HttpStatusCode.Forbidden, TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Broken_metadata_database_is_an_error_and_no_way_in()
    {
        await using var server = await ServerProcess.StartAsync(_directory.File("clickhouse"), "--metadata", _directory.File("nothing.db"));
        using var acme = new ClickHouseHttp(server.Endpoint, "acme", "mk_some_key");
        var answer = await acme.SendAsync("SELECT 1");
        Assert.Equal((HttpStatusCode.InternalServerError, "1002"), (answer.Status, answer.Header("X-ClickHouse-Exception-Code")));
        using var administrator = server.Administrator();
        Assert.Equal("1", await administrator.QueryAsync("SELECT 1"));
    }

    [Fact]
    public async Task Answer_is_remembered_for_five_seconds_and_no_longer()
    {
        var time = new ManualTimeProvider();
        var store = new CountingStore(new ApiKey("id", "acme", "bi", Scopes.Read | Scopes.Write, time.GetUtcNow(), null));
        var verifier = new MetadataKeyVerifier(store, time, Microsoft.Extensions.Logging.Abstractions.NullLogger<MetadataKeyVerifier>.Instance);
        for (var i = 0; i < 3; i++) Assert.True(await verifier.MayReadAsync("acme", "key", default));
        Assert.False(await verifier.MayReadAsync("other", "key", default));
        Assert.Equal(1, store.Asked);
        store.Key = null;
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.True(await verifier.MayReadAsync("acme", "key", default));
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(await verifier.MayReadAsync("acme", "key", default));
        Assert.Equal(2, store.Asked);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await verifier.MayReadAsync("acme", "key", default));
        Assert.Equal(3, store.Asked);
    }

    [Fact]
    public async Task Failing_database_is_no_answer()
    {
        var verifier = new MetadataKeyVerifier(new CountingStore(null) { Fails = true }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<MetadataKeyVerifier>.Instance);
        Assert.Equal(1002, (await Assert.ThrowsAsync<ChdbException>(async () => await verifier.MayReadAsync("acme", "key", default))).Code);
    }

    private sealed class CountingStore(ApiKey? key) : IApiKeyStore
    {
        public ApiKey? Key { get; set; } = key;

        public bool Fails { get; init; }

        public int Asked { get; private set; }

        public Task<ApiKey?> VerifyAsync(string clearText, CancellationToken cancellationToken)
        {
            Asked++;
            return Fails ? throw new MetadataDatabaseException("down", retryable: true) : Task.FromResult(Key);
        }

        public Task<CreatedApiKey?> CreateAsync(string tenant, string name, Scopes scopes, string actor, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<ApiKey>> ListAsync(string tenant, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> RevokeAsync(string tenant, string id, string actor, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

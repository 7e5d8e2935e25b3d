using Microsoft.Extensions.DependencyInjection;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Incidents;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Xunit;

namespace Millrace.Hosting.Tests;

/// <summary>API keys while the metadata database is away.</summary>
public abstract class KeyGraceTests(MetadataUnderTest database)
{
    private FlakyKeys _keys = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Known_key_is_good_for_the_grace_and_no_longer_while_the_database_is_away()
    {
        await using var host = await StartAsync("00:10:00");
        var incidents = host.App.Services.GetRequiredService<IncidentLog>();
        Assert.Equal(200, (await host.GetAsync("/read", TestHost.Key)).Status);

        _keys.Away = true;
        for (var minute = 0; minute < 9; minute++)
        {
            host.Time.Jump(TimeSpan.FromMinutes(1));
            Assert.Equal(200, (await host.GetAsync("/read", TestHost.Key)).Status);
        }

        var asked = _keys.Asked;
        for (var i = 0; i < 20; i++) Assert.Equal(200, (await host.GetAsync("/read", TestHost.Key)).Status);
        Assert.Equal(asked, _keys.Asked);
        Assert.Equal(("authentication", IncidentKinds.MetadataAway), (incidents.Current.Single().Report.Service, incidents.Current.Single().Report.Kind));
        using (var unknown = await host.Client.GetAsync("/read?access_token=another-key-that-nobody-knows", Cancelled))
            Assert.Equal((503, true), ((int)unknown.StatusCode, unknown.Headers.RetryAfter is not null));

        host.Time.Jump(TimeSpan.FromMinutes(2));
        Assert.Equal(503, (await host.GetAsync("/read", TestHost.Key)).Status);

        _keys.Away = false;
        Assert.Equal(200, (await host.GetAsync("/read", TestHost.Key)).Status);
        Assert.Empty(incidents.Current);
    }

    [Fact]
    public async Task Key_revoked_by_another_while_the_database_is_away_from_here_is_refused_once_it_is_back()
    {
        await using var host = await StartAsync("00:10:00");
        var created = await _keys.CreateAsync("acme", "sensor", Scopes.Read, "ann", Cancelled);
        Assert.Equal(200, (await host.GetAsync("/read", created!.ClearText)).Status);
        _keys.Away = true;
        host.Time.Jump(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await host.GetAsync("/read", created.ClearText)).Status);

        // What the watcher is told after any break: anything may have been revoked.
        var authenticator = host.App.Services.GetRequiredService<CallerAuthenticator>();
        authenticator.ForgetKey("");
        Assert.Equal(200, (await host.GetAsync("/read", created.ClearText)).Status);
        authenticator.ForgetKey(created.Key.Id);
        Assert.Equal(503, (await host.GetAsync("/read", created.ClearText)).Status);

        await _keys.RevokeAsync("acme", created.Key.Id, "ann", Cancelled);
        _keys.Away = false;
        Assert.Equal(401, (await host.GetAsync("/read", created.ClearText)).Status);
    }

    [Fact]
    public async Task Grace_of_zero_is_none()
    {
        await using var host = await StartAsync("00:00:00");
        Assert.Equal(200, (await host.GetAsync("/read", TestHost.Key)).Status);
        _keys.Away = true;
        host.Time.Jump(TimeSpan.FromMinutes(1));
        Assert.Equal(503, (await host.GetAsync("/read", TestHost.Key)).Status);
    }

    [Fact]
    public async Task Query_with_a_nul_is_400()
    {
        await using var host = await StartAsync("00:10:00");
        Assert.Equal(400, (await host.GetAsync("/read?stream=a%00b", TestHost.Key)).Status);
    }

    private Task<TestHost> StartAsync(string grace) => TestHost.StartAsync(
        settings => settings["Millrace:Auth:KeyGrace"] = grace,
        services: services => services.AddSingleton<IApiKeyStore>(provider => _keys = new FlakyKeys(provider.GetRequiredService<ApiKeyStore>())),
        database: database);

    private sealed class FlakyKeys(ApiKeyStore inner) : IApiKeyStore
    {
        public bool Away { get; set; }

        public int Asked { get; private set; }

        public Task<CreatedApiKey?> CreateAsync(string tenant, string name, Scopes scopes, string actor, CancellationToken cancellationToken) =>
            inner.CreateAsync(tenant, name, scopes, actor, cancellationToken);

        public Task<IReadOnlyList<ApiKey>> ListAsync(string tenant, CancellationToken cancellationToken) => inner.ListAsync(tenant, cancellationToken);

        public Task<bool> RevokeAsync(string tenant, string id, string actor, CancellationToken cancellationToken) =>
            inner.RevokeAsync(tenant, id, actor, cancellationToken);

        public Task<ApiKey?> VerifyAsync(string clearText, CancellationToken cancellationToken)
        {
            Asked++;
            return Away ? throw new MetadataDatabaseException("Away.", retryable: true) : inner.VerifyAsync(clearText, cancellationToken);
        }
    }
}

public sealed class KeyGraceOnSqliteTests() : KeyGraceTests(new OnSqlite());

public sealed class KeyGraceOnPostgresTests(PostgresFixture postgres) : KeyGraceTests(new OnPostgres(postgres));

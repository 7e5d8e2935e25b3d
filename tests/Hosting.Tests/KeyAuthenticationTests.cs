using System.Net.Http.Headers;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Databases;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Authentication;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Xunit;

namespace Millrace.Hosting.Tests;

public abstract class KeyAuthenticationTests(MetadataUnderTest database)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guard_no_credential_is_401_missing()
    {
        await using var host = await TestHost.StartAsync(database: database);

        using var response = await host.Client.GetAsync("/read", Cancelled);
        var (status, body) = await host.GetAsync("/read");

        Assert.Equal((401, "missing_credential"), (status, body.GetProperty("code").GetString()));
        Assert.Equal("Bearer realm=\"millrace\"", response.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + TestHost.Key)]
    [InlineData("Authorization", "bearer   " + TestHost.Key)]
    [InlineData("Authorization", TestHost.Key)]
    [InlineData("X-API-Key", TestHost.Key)]
    public async Task Guard_key_in_a_header_is_accepted(string header, string value)
    {
        await using var host = await TestHost.StartAsync(database: database);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/admin");
        request.Headers.TryAddWithoutValidation(header, value);

        var (status, body) = await host.SendAsync(request);

        Assert.Equal(200, status);
        Assert.Equal(("acme", "ApiKey"), (body.GetProperty("tenant").GetString(), body.GetProperty("kind").GetString()));
        Assert.StartsWith("key:boot", body.GetProperty("subject").GetString(), StringComparison.Ordinal);
        Assert.Equal("ingest read write admin", body.GetProperty("scopes").GetString());
    }

    [Fact]
    public async Task Guard_access_token_in_the_query_is_for_get_only()
    {
        await using var host = await TestHost.StartAsync(database: database);

        Assert.Equal(200, (await host.GetAsync("/read?access_token=" + TestHost.Key)).Status);
        Assert.Equal(401, (await host.SendAsync(HttpMethod.Post, "/read?access_token=" + TestHost.Key)).Status);
    }

    [Theory]
    [InlineData("Bearer wrong-key-wrong-key")]
    [InlineData("Bearer bootstrap-key-of-the-test")]
    [InlineData("Bearer bootstrap-key-of-the-tests!")]
    [InlineData("Bearer BOOTSTRAP-KEY-OF-THE-TESTS")]
    [InlineData("Basic YWNtZTpib290c3RyYXAta2V5LW9mLXRoZS10ZXN0cw==")]
    public async Task Guard_unknown_credential_is_401_invalid(string authorization)
    {
        await using var host = await TestHost.StartAsync(database: database);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/read");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);

        var (status, body) = await host.SendAsync(request);

        Assert.Equal((401, "invalid_credential", "invalid"), (status, body.GetProperty("code").GetString(), body.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task Guard_credential_too_long_is_refused_without_a_look()
    {
        await using var host = await TestHost.StartAsync(database: database);

        var (status, body) = await host.GetAsync("/read", new string('k', 9000));

        Assert.Equal(401, status);
        Assert.Contains("longer than 8192", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Scopes.Ingest)]
    [InlineData(Scopes.Read)]
    [InlineData(Scopes.Write)]
    [InlineData(Scopes.Admin)]
    public async Task Guard_key_with_one_scope_opens_only_that(Scopes scope)
    {
        await using var host = await TestHost.StartAsync(database: database);
        var key = await CreateKeyAsync(host, scope);

        foreach (var asked in new[] { Scopes.Ingest, Scopes.Read, Scopes.Write, Scopes.Admin })
        {
            var (status, body) = await host.GetAsync("/" + ScopeNames.Format(asked), key.ClearText);
            Assert.Equal(asked == scope ? 200 : 403, status);
            if (asked != scope)
                Assert.Contains($"'{ScopeNames.Format(asked)}'", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Guard_refuses_before_the_body_is_read()
    {
        await using var host = await TestHost.StartAsync(database: database, map: app =>
            app.MapPost("/body", (Thing thing) => Results.Ok(thing)).RequireScopes(Scopes.Write));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/body") { Content = new StringContent("{ not json") };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");

        var (status, _) = await host.SendAsync(request);

        Assert.Equal(401, status);
    }

    [Fact]
    public async Task Guard_on_a_group_guards_each_endpoint_and_inner_guards_add_to_it()
    {
        await using var host = await TestHost.StartAsync(database: database, map: app =>
        {
            var group = app.MapGroup("/group").RequireScopes(Scopes.Read);
            group.MapGet("/a", () => "a");
            group.MapGet("/b", () => "b").RequireScopes(Scopes.Admin);
        });
        var reader = (await CreateKeyAsync(host, Scopes.Read)).ClearText;

        using var a = new HttpRequestMessage(HttpMethod.Get, "/group/a");
        a.Headers.Add("X-API-Key", reader);
        using var response = await host.Client.SendAsync(a, Cancelled);
        Assert.Equal("a", await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(401, (await host.GetAsync("/group/a")).Status);
        Assert.Equal(403, (await host.GetAsync("/group/b", reader)).Status);
    }

    [Fact]
    public async Task Guard_other_tenant_in_the_query_is_403_and_the_own_one_is_not()
    {
        await using var host = await TestHost.StartAsync(database: database);

        Assert.Equal(403, (await host.GetAsync("/read?tenant=other", TestHost.Key)).Status);
        Assert.Equal(200, (await host.GetAsync("/read?tenant=acme", TestHost.Key)).Status);
    }

    [Fact]
    public async Task Authenticate_revoked_key_is_refused_within_five_seconds()
    {
        await using var host = await TestHost.StartAsync(database: database);
        var key = await CreateKeyAsync(host, Scopes.Read);
        Assert.Equal(200, (await host.GetAsync("/read", key.ClearText)).Status);

        Assert.True(await host.App.Services.GetRequiredService<IApiKeyStore>().RevokeAsync("acme", key.Key.Id, "ann", Cancelled));
        host.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(401, (await host.GetAsync("/read", key.ClearText)).Status);
        Assert.Equal(401, (await host.GetAsync("/read", key.ClearText)).Status);
    }

    [Fact]
    public async Task Authenticate_known_key_is_answered_from_memory_for_three_seconds()
    {
        // One that hears of no revocation.
        await using var host = await TestHost.StartAsync(
            services: services => services.Remove(services.Single(service => service.ImplementationType == typeof(KeyWatcher))), database: database);
        var key = await CreateKeyAsync(host, Scopes.Read);
        Assert.Equal(200, (await host.GetAsync("/read", key.ClearText)).Status);
        await host.App.Services.GetRequiredService<IApiKeyStore>().RevokeAsync("acme", key.Key.Id, "ann", Cancelled);

        host.Time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(200, (await host.GetAsync("/read", key.ClearText)).Status);
        host.Time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(401, (await host.GetAsync("/read", key.ClearText)).Status);
    }

    [Fact]
    public async Task Authenticate_cached_key_allocates_nothing()
    {
        await using var host = await TestHost.StartAsync(database: database);
        var authenticator = host.App.Services.GetRequiredService<ICallerAuthenticator>();
        for (var i = 0; i < 100; i++) await authenticator.AuthenticateAsync(TestHost.Key, Cancelled);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Assert.True(IsAnswered(authenticator.AuthenticateAsync(TestHost.Key, Cancelled)));

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Authenticate_key_made_after_it_was_tried_is_accepted_a_second_later()
    {
        await using var host = await TestHost.StartAsync(database: database);
        var store = host.App.Services.GetRequiredService<ApiKeyStore>();
        const string text = "mk_abc_tried-too-early";
        Assert.Equal(401, (await host.GetAsync("/read", text)).Status);

        await host.App.Services.GetRequiredService<IMetadataDatabase>().InTransactionAsync(
            (c, t, token) => store.InsertAsync(c, t, "abc", "acme", "late", text, Scopes.Read, token), Cancelled);
        host.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(200, (await host.GetAsync("/read", text)).Status);
    }

    [Fact]
    public async Task Store_keeps_only_hashes_and_audits_changes()
    {
        await using var host = await TestHost.StartAsync(database: database);
        var store = host.App.Services.GetRequiredService<IApiKeyStore>();
        var made = await CreateKeyAsync(host, Scopes.Ingest | Scopes.Read);
        Assert.Matches("^mk_[0-9a-z]{12}_[0-9a-z]{32}$", made.ClearText);
        Assert.Equal(made.Key, await store.VerifyAsync(made.ClearText, Cancelled));

        Assert.False(await store.RevokeAsync("other", made.Key.Id, "eve", Cancelled));
        Assert.True(await store.RevokeAsync("acme", made.Key.Id, "ann", Cancelled));
        Assert.False(await store.RevokeAsync("acme", made.Key.Id, "ann", Cancelled));
        Assert.Null(await store.VerifyAsync(made.ClearText, Cancelled));

        var listed = await store.ListAsync("acme", Cancelled);
        Assert.Equal(2, listed.Count);
        Assert.NotNull(listed.Single(key => key.Id == made.Key.Id).RevokedAt);
        await using var connection = await host.App.Services.GetRequiredService<IMetadataDatabase>().OpenAsync(Cancelled);
        foreach (var row in await connection.QueryAsync("SELECT * FROM api_keys"))
            Assert.DoesNotContain(made.ClearText[^32..], string.Join('|', ((IDictionary<string, object>)row).Values), StringComparison.Ordinal);
        var audit = await host.App.Services.GetRequiredService<AuditLog>().ReadAsync("acme", null, 10, Cancelled);
        Assert.Equal(["key.create", "key.create", "key.revoke"], audit.Select(entry => entry.Action).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(audit, entry => entry.ToString().Contains(made.ClearText[^32..], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Store_tenant_has_its_share_of_keys_makes_no_more()
    {
        await using var host = await TestHost.StartAsync(settings => settings["Millrace:Auth:MaxKeysPerTenant"] = "2", database: database);
        var store = host.App.Services.GetRequiredService<IApiKeyStore>();

        var second = await store.CreateAsync("acme", "two", Scopes.Read, "ann", Cancelled);
        Assert.Null(await store.CreateAsync("acme", "three", Scopes.Read, "ann", Cancelled));
        await store.RevokeAsync("acme", second!.Key.Id, "ann", Cancelled);
        Assert.NotNull(await store.CreateAsync("acme", "three", Scopes.Read, "ann", Cancelled));
    }

    private static async Task<CreatedApiKey> CreateKeyAsync(TestHost host, Scopes scopes) =>
        (await host.App.Services.GetRequiredService<IApiKeyStore>().CreateAsync("acme", "test", scopes, "ann", Cancelled))!;

    private static bool IsAnswered(ValueTask<AuthenticationVerdict> verdict) => verdict.IsCompletedSuccessfully;

    private sealed record Thing(string Name);
}

public sealed class KeyAuthenticationOnSqliteTests() : KeyAuthenticationTests(new OnSqlite());

public sealed class KeyAuthenticationOnPostgresTests(PostgresFixture postgres) : KeyAuthenticationTests(new OnPostgres(postgres));

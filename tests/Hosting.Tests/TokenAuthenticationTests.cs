using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.Sqlite;
using Millrace.Hosting.Authentication;
using Millrace.Testing;
using Xunit;
using static Millrace.Hosting.Tests.TestTokens;

namespace Millrace.Hosting.Tests;

public sealed class TokenAuthenticationTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Issue_token_is_accepted_with_what_it_says()
    {
        await using var host = await TestHost.StartAsync();

        var (status, body) = await host.GetAsync("/read", host.Token("globex", Scopes.Read | Scopes.Write, ["editor"]));

        Assert.Equal(200, status);
        Assert.Equal(("globex", "ann", "Token"), (Text(body, "tenant"), Text(body, "subject"), Text(body, "kind")));
        Assert.Equal("read write", Text(body, "scopes"));
        Assert.Equal(["acme", "globex"], await host.App.Services.GetRequiredService<ITenantStore>().ListAsync(Cancelled));
    }

    [Fact]
    public async Task Issue_channels_stand_among_the_claims()
    {
        await using var host = await TestHost.StartAsync();
        var token = host.App.Services.GetRequiredService<ITokenIssuer>()
            .Issue("acme", "ann", Scopes.Read, [], TimeSpan.FromMinutes(5), ["tenant:acme:metrics:shop"]);

        var verdict = await host.App.Services.GetRequiredService<ICallerAuthenticator>().AuthenticateAsync(token, Cancelled);

        Assert.Equal("[\"tenant:acme:metrics:shop\"]", verdict.Claims!["channels"]);
        Assert.Equal("\"acme\"", verdict.Claims["tenant"]);
        Assert.Equal(host.Time.GetUtcNow().AddMinutes(5).ToUnixTimeSeconds(), verdict.Caller!.ExpiresAt!.Value.ToUnixTimeSeconds());
    }

    [Theory]
    [InlineData("viewer", "", "read")]
    [InlineData("editor", "", "read write")]
    [InlineData("admin", "", "ingest read write admin")]
    [InlineData("operator", "", "ingest read write admin")]
    [InlineData("stranger", "", "")]
    [InlineData("viewer", "openid profile", "read")]
    [InlineData("admin", "read", "read")]
    [InlineData("", "ingest read", "ingest read")]
    public async Task Verify_scope_claim_limits_and_roles_decide_otherwise(string role, string scope, string expected)
    {
        await using var host = await TestHost.StartAsync();
        var token = Sign(Claims(host, claims =>
        {
            claims["roles"] = role.Length == 0 ? new JsonArray() : new JsonArray(role);
            claims["scope"] = scope;
        }));

        var verdict = await host.App.Services.GetRequiredService<ICallerAuthenticator>().AuthenticateAsync(token, Cancelled);

        Assert.Equal(AuthenticationOutcome.Accepted, verdict.Outcome);
        Assert.Equal(expected, ScopeNames.Format(verdict.Caller!.Scopes));
    }

    public static TheoryData<string, string> Refused() => new()
    {
        { "no-exp", "no expiry" },
        { "exp-text", "malformed" },
        { "not-yet", "not valid yet" },
        { "no-tenant", "names no tenant" },
        { "tenant-number", "malformed" },
        { "tenant-path", "names no tenant" },
        { "tenant-upper", "names no tenant" },
        { "tenant-twice", "malformed" },
        { "tenant-half-a-character", "malformed" },
        { "name-half-a-character", "malformed" },
        { "roles-number", "malformed" },
        { "other-key", "signature" },
        { "payload-changed", "signature" },
        { "signature-cut", "signature" },
        { "signature-empty", "signature" },
        { "alg-none", "not accepted" },
        { "alg-none-upper", "not accepted" },
        { "alg-hs512", "not accepted" },
        { "alg-rs256-without-keys", "not accepted" },
        { "alg-missing", "not" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Verify_wrong_token_is_refused_with_a_reason_and_no_secret(string what, string expected)
    {
        await using var host = await TestHost.StartAsync();
        var good = Sign(Claims(host));
        var token = what switch
        {
            "no-exp" => Sign(Claims(host, claims => claims.Remove("exp"))),
            "exp-text" => Sign(Claims(host, claims => claims["exp"] = "tomorrow")),
            "not-yet" => Sign(Claims(host, claims => claims["nbf"] = host.Time.GetUtcNow().ToUnixTimeSeconds() + 60)),
            "no-tenant" => Sign(Claims(host, claims => claims.Remove("tenant"))),
            "tenant-number" => Sign(Claims(host, claims => claims["tenant"] = 1)),
            "tenant-path" => Sign(Claims(host, claims => claims["tenant"] = "../acme")),
            "tenant-upper" => Sign(Claims(host, claims => claims["tenant"] = "ACME")),
            "tenant-twice" => Sign(Claims(host).Replace("\"tenant\":", "\"tenant\":\"globex\",\"tenant\":", StringComparison.Ordinal)),
            "tenant-half-a-character" => Sign(Claims(host).Replace("\"acme\"", "\"\\ud800\"", StringComparison.Ordinal)),
            "name-half-a-character" => Sign(Claims(host).Replace("{", "{\"\\udc00\":1,", StringComparison.Ordinal)),
            "roles-number" => Sign(Claims(host, claims => claims["roles"] = new JsonArray(1))),
            "other-key" => Sign(Claims(host), key: "another-key-another-key-another-key"),
            "payload-changed" => Rebuild(good, payload: Claims(host, claims => claims["tenant"] = "globex")),
            "signature-cut" => good[..^4],
            "signature-empty" => good[..(good.LastIndexOf('.') + 1)],
            "alg-none" => Rebuild(good, header: """{"alg":"none","typ":"JWT"}""", signature: ""),
            "alg-none-upper" => Rebuild(good, header: """{"alg":"None","typ":"JWT"}"""),
            "alg-hs512" => Sign(Claims(host), """{"alg":"HS512","typ":"JWT"}"""),
            "alg-rs256-without-keys" => Sign(Claims(host), """{"alg":"RS256","typ":"JWT"}"""),
            "alg-missing" => Sign(Claims(host), """{"typ":"JWT"}"""),
            _ => throw new ArgumentOutOfRangeException(nameof(what)),
        };

        var (status, body) = await host.GetAsync("/read", token);

        Assert.Equal((401, "invalid_credential", "invalid"), (status, Text(body, "code"), Text(body, "reason")));
        Assert.Contains(expected, Text(body, "detail"), StringComparison.Ordinal);
        Assert.DoesNotContain(TestHost.SigningKey, body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_expired_token_says_expired_even_when_it_was_remembered()
    {
        await using var host = await TestHost.StartAsync();
        var token = host.Token(scopes: Scopes.Read, lifetime: TimeSpan.FromSeconds(20));
        Assert.Equal(200, (await host.GetAsync("/read", token)).Status);

        host.Time.Advance(TimeSpan.FromSeconds(24)); // Within the skew of five seconds.
        Assert.Equal(200, (await host.GetAsync("/read", token)).Status);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        var (status, body) = await host.GetAsync("/read", token);

        Assert.Equal((401, "invalid_credential", "expired"), (status, Text(body, "code"), Text(body, "reason")));
        var fresh = await host.App.Services.GetRequiredService<ICallerAuthenticator>()
            .AuthenticateAsync(Sign(Claims(host, claims => claims["exp"] = host.Time.GetUtcNow().ToUnixTimeSeconds() - 60)), Cancelled);
        Assert.Equal(AuthenticationOutcome.Expired, fresh.Outcome);
    }

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("253402300799")]
    public async Task Verify_expiry_beyond_all_calendars_is_far_away(string end)
    {
        await using var host = await TestHost.StartAsync();
        var token = Sign(Claims(host, claims => claims["exp"] = JsonNode.Parse(end)));

        Assert.Equal(200, (await host.GetAsync("/read", token)).Status);
        Assert.Equal(200, (await host.GetAsync("/read", token)).Status); // Remembered.
    }

    [Fact]
    public async Task Verify_expired_token_with_a_wrong_signature_is_invalid_not_expired()
    {
        await using var host = await TestHost.StartAsync();
        var token = Sign(
            Claims(host, claims => claims["exp"] = host.Time.GetUtcNow().ToUnixTimeSeconds() - 60), key: "another-key-another-key-another-key");

        var (_, body) = await host.GetAsync("/read", token);

        Assert.Equal("invalid", Text(body, "reason"));
    }

    [Fact]
    public async Task Guard_other_tenant_needs_the_operator()
    {
        await using var host = await TestHost.StartAsync();
        var admin = host.Token(roles: ["admin"]);
        var operators = host.Token(roles: ["operator"]);

        Assert.Equal(403, (await host.GetAsync("/read?tenant=globex", admin)).Status);
        var (status, body) = await host.GetAsync("/read?tenant=globex", operators);
        Assert.Equal((200, "globex"), (status, Text(body, "tenant")));
        Assert.Equal(400, (await host.GetAsync("/read?tenant=../x", operators)).Status);
    }

    [Theory]
    [InlineData("millrace", 200)]
    [InlineData("other", 401)]
    [InlineData(null, 401)]
    public async Task Verify_audience_when_configured_must_match(string? audience, int expected)
    {
        await using var host = await TestHost.StartAsync(settings => settings["Millrace:Auth:Audience"] = "millrace");

        Assert.Equal(expected, (await host.GetAsync("/read", Sign(Claims(host, claims => claims["aud"] = audience)))).Status);
        Assert.Equal(200, (await host.GetAsync("/read", host.Token(scopes: Scopes.Read))).Status);
    }

    [Fact]
    public async Task Verify_generated_signing_key_is_shared_and_survives_a_restart()
    {
        using var directory = new TempDirectory();
        string token;
        await using (var first = await TestHost.StartAsync(settings => settings.Remove("Millrace:Auth:SigningKey"), directory: directory.Path))
        await using (var second = await TestHost.StartAsync(settings => settings.Remove("Millrace:Auth:SigningKey"), directory: directory.Path))
        {
            token = first.Token(scopes: Scopes.Read);
            Assert.Equal(200, (await second.GetAsync("/read", token)).Status);
        }

        await using var later = await TestHost.StartAsync(settings => settings.Remove("Millrace:Auth:SigningKey"), directory: directory.Path);
        Assert.Equal(200, (await later.GetAsync("/read", token)).Status);
    }

    [Fact]
    public async Task Verify_where_the_database_is_read_only_takes_keys_and_tokens()
    {
        await using var host = await TestHost.StartAsync();
        var settings = new Dictionary<string, string?>
        {
            ["Millrace:Metadata:File"] = host.App.Configuration["Millrace:Metadata:File"],
            ["Millrace:Metadata:ReadOnly"] = "true",
            ["Millrace:Auth:SigningKey"] = TestHost.SigningKey,
        };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        await using var services = new ServiceCollection()
            .AddLogging().AddMillraceAuthentication(configuration).AddSqliteAdapter(configuration).BuildServiceProvider();
        var authenticator = services.GetRequiredService<ICallerAuthenticator>();

        Assert.Equal(AuthenticationOutcome.Accepted, (await authenticator.AuthenticateAsync(TestHost.Key, Cancelled)).Outcome);
        var token = host.Token("never-seen-before", Scopes.Read);
        Assert.Equal(AuthenticationOutcome.Accepted, (await authenticator.AuthenticateAsync(token, Cancelled)).Outcome);
    }

    private static string Text(JsonElement body, string name) => body.GetProperty(name).GetString()!;
}

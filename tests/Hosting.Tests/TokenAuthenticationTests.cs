using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Millrace.Hosting.Authentication;
using Millrace.Testing;
using Xunit;

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
    public async Task Verify_keys_from_a_file_pin_their_algorithm_and_are_read_again()
    {
        using var directory = new TempDirectory();
        using var rsa = RSA.Create(2048);
        using var weak = RSA.Create(1024);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var file = directory.File("jwks.json");
        var rsaKey = new RsaSecurityKey(rsa) { KeyId = "r1" };
        var ecKey = new ECDsaSecurityKey(ec) { KeyId = "e1" };
        WriteKeys(file, rsaKey, ecKey, new RsaSecurityKey(weak) { KeyId = "w1" });
        await using var host = await TestHost.StartAsync(settings => settings["Millrace:Auth:JwksFile"] = file);

        Assert.Equal(200, (await host.GetAsync("/read", External(host, rsaKey, "RS256"))).Status);
        Assert.Equal(200, (await host.GetAsync("/read", External(host, ecKey, "ES256"))).Status);
        Assert.Equal(200, (await host.GetAsync("/read", host.Token(scopes: Scopes.Read))).Status);
        Assert.Equal(401, (await host.GetAsync("/read", External(host, rsaKey, "RS512"))).Status);
        Assert.Equal(401, (await host.GetAsync("/read", SignWeakly(host, weak))).Status);

        // The classic swap: the public key, which everybody knows, as the secret of HS256.
        var publicKey = rsa.ExportSubjectPublicKeyInfoPem();
        Assert.Equal(401, (await host.GetAsync("/read", Sign(Claims(host), """{"alg":"HS256","kid":"r1"}""", publicKey))).Status);

        using var next = RSA.Create(2048);
        var nextKey = new RsaSecurityKey(next) { KeyId = "r2" };
        Assert.Equal(401, (await host.GetAsync("/read", External(host, nextKey, "RS256"))).Status);
        WriteKeys(file, nextKey);
        File.SetLastWriteTimeUtc(file, host.Time.GetUtcNow().UtcDateTime.AddMinutes(1));
        host.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(200, (await host.GetAsync("/read", External(host, nextKey, "RS256"))).Status);

        // A broken file leaves the keys in force.
        await File.WriteAllTextAsync(file, "{", Cancelled);
        File.SetLastWriteTimeUtc(file, host.Time.GetUtcNow().UtcDateTime.AddMinutes(2));
        host.Time.Advance(TimeSpan.FromSeconds(66));
        Assert.Equal(200, (await host.GetAsync("/read", External(host, nextKey, "RS256"))).Status);
        Assert.Contains(host.Logged.Lines, line => line.Id.Id == 1011);
    }

    [Fact]
    public async Task Verify_keys_of_an_authority_are_discovered_and_its_name_demanded()
    {
        using var rsa = RSA.Create(2048);
        var key = new RsaSecurityKey(rsa) { KeyId = "o1" };
        await using var authority = await Authority.StartAsync(key);
        await using var host = await TestHost.StartAsync(settings =>
        {
            settings["Millrace:Auth:Authority"] = authority.Url;
            settings["Millrace:Auth:RequireHttps"] = "false";
        });

        Assert.Equal(200, (await host.GetAsync("/read", External(host, key, "RS256", authority.Url))).Status);
        var (status, body) = await host.GetAsync("/read", External(host, key, "RS256", "https://elsewhere.example"));
        Assert.Equal((401, true), (status, Text(body, "detail").Contains("another issuer", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Verify_authority_out_of_reach_is_503_and_own_tokens_still_work()
    {
        using var rsa = RSA.Create(2048);
        var key = new RsaSecurityKey(rsa) { KeyId = "o1" };
        var authority = await Authority.StartAsync(key);
        await authority.DisposeAsync();
        await using var host = await TestHost.StartAsync(settings =>
        {
            settings["Millrace:Auth:Authority"] = authority.Url;
            settings["Millrace:Auth:RequireHttps"] = "false";
        });

        var (status, body) = await host.GetAsync("/read", External(host, key, "RS256", authority.Url));

        Assert.Equal((503, "unavailable"), (status, Text(body, "code")));
        Assert.Equal(200, (await host.GetAsync("/read", host.Token(scopes: Scopes.Read))).Status);
    }

    private static string Text(JsonElement body, string name) => body.GetProperty(name).GetString()!;

    private static string Claims(TestHost host, Action<JsonObject>? change = null)
    {
        var claims = new JsonObject
        {
            ["sub"] = "bob",
            ["tenant"] = "acme",
            ["roles"] = new JsonArray("viewer"),
            ["exp"] = host.Time.GetUtcNow().ToUnixTimeSeconds() + 600,
        };
        change?.Invoke(claims);
        return claims.ToJsonString();
    }

    // Written by hand, so that a library's good manners can't keep a wrong token from being made.
    private static string Sign(string payload, string header = """{"alg":"HS256","typ":"JWT"}""", string key = TestHost.SigningKey)
    {
        var signed = Base64UrlEncoder.Encode(header) + "." + Base64UrlEncoder.Encode(payload);
        var secret = Encoding.UTF8.GetBytes(key);
        var bytes = Encoding.ASCII.GetBytes(signed);
        return signed + "." + Base64UrlEncoder.Encode(header.Contains("HS512", StringComparison.Ordinal)
            ? HMACSHA512.HashData(secret, bytes)
            : HMACSHA256.HashData(secret, bytes));
    }

    private static string Rebuild(string token, string? header = null, string? payload = null, string? signature = null)
    {
        var parts = token.Split('.');
        return string.Join('.', header is null ? parts[0] : Base64UrlEncoder.Encode(header), payload is null ? parts[1] : Base64UrlEncoder.Encode(payload), signature ?? parts[2]);
    }

    private static string External(TestHost host, SecurityKey key, string algorithm, string? issuer = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            Claims(host, claims => claims["iss"] = issuer ?? "https://issuer.example"), new SigningCredentials(key, algorithm));

    private static string SignWeakly(TestHost host, RSA rsa)
    {
        var signed = Base64UrlEncoder.Encode("""{"alg":"RS256","kid":"w1"}""") + "." + Base64UrlEncoder.Encode(Claims(host));
        return signed + "." + Base64UrlEncoder.Encode(rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private static void WriteKeys(string file, params SecurityKey[] keys) => File.WriteAllText(file, KeySet(keys));

    private static string KeySet(params SecurityKey[] keys)
    {
        var set = new JsonArray();
        foreach (var key in keys)
        {
            var full = JsonWebKeyConverter.ConvertFromSecurityKey(key);
            var json = new JsonObject { ["kty"] = full.Kty, ["kid"] = full.Kid };
            foreach (var (name, value) in new[] { ("n", full.N), ("e", full.E), ("crv", full.Crv), ("x", full.X), ("y", full.Y) })
            {
                if (value is not null) json[name] = value;
            }

            set.Add(json);
        }

        return new JsonObject { ["keys"] = set }.ToJsonString();
    }

    /// <summary>An OpenID Connect issuer as far as discovery goes.</summary>
    private sealed class Authority : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Authority(WebApplication app)
        {
            _app = app;
            Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        }

        public string Url { get; }

        public static async Task<Authority> StartAsync(SecurityKey key)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            app.MapGet("/.well-known/openid-configuration", (HttpRequest request) => Results.Text(
                $$"""{"issuer":"http://{{request.Host}}","jwks_uri":"http://{{request.Host}}/keys"}""", "application/json"));
            app.MapGet("/keys", () => Results.Text(KeySet(key), "application/json"));
            await app.StartAsync();
            return new Authority(app);
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using Millrace.Hosting.Authentication;
using Millrace.Testing;
using Xunit;
using static Millrace.Hosting.Tests.TestTokens;

namespace Millrace.Hosting.Tests;

public sealed class ExternalTokenTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

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
    public async Task Verify_authority_that_changes_its_keys_is_asked_again()
    {
        using var rsa = RSA.Create(2048);
        using var next = RSA.Create(2048);
        var nextKey = new RsaSecurityKey(next) { KeyId = "o2" };
        await using var authority = await Authority.StartAsync(new RsaSecurityKey(rsa) { KeyId = "o1" });
        await using var host = await TestHost.StartAsync(settings =>
        {
            settings["Millrace:Auth:Authority"] = authority.Url;
            settings["Millrace:Auth:RequireHttps"] = "false";
        });
        Assert.Equal(200, (await host.GetAsync("/read", External(host, new RsaSecurityKey(rsa) { KeyId = "o1" }, "RS256", authority.Url))).Status);

        authority.Key = nextKey;

        await Eventually.TrueAsync(async () => (await host.GetAsync("/read", External(host, nextKey, "RS256", authority.Url))).Status == 200);
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

    private static void WriteKeys(string file, params SecurityKey[] keys) => File.WriteAllText(file, KeySet(keys));
}

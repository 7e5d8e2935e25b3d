using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Millrace.Hosting.Tests;

/// <summary>Makes tokens, right ones and wrong ones.</summary>
internal static class TestTokens
{
    public static string Claims(TestHost host, Action<JsonObject>? change = null)
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
    public static string Sign(string payload, string header = """{"alg":"HS256","typ":"JWT"}""", string key = TestHost.SigningKey)
    {
        var signed = Base64UrlEncoder.Encode(header) + "." + Base64UrlEncoder.Encode(payload);
        var secret = Encoding.UTF8.GetBytes(key);
        var bytes = Encoding.ASCII.GetBytes(signed);
        return signed + "." + Base64UrlEncoder.Encode(header.Contains("HS512", StringComparison.Ordinal)
            ? HMACSHA512.HashData(secret, bytes)
            : HMACSHA256.HashData(secret, bytes));
    }

    public static string Rebuild(string token, string? header = null, string? payload = null, string? signature = null)
    {
        var parts = token.Split('.');
        return string.Join('.', header is null ? parts[0] : Base64UrlEncoder.Encode(header), payload is null ? parts[1] : Base64UrlEncoder.Encode(payload), signature ?? parts[2]);
    }

    public static string External(TestHost host, SecurityKey key, string algorithm, string? issuer = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            Claims(host, claims => claims["iss"] = issuer ?? "https://issuer.example"), new SigningCredentials(key, algorithm));

    public static string SignWeakly(TestHost host, RSA rsa)
    {
        var signed = Base64UrlEncoder.Encode("""{"alg":"RS256","kid":"w1"}""") + "." + Base64UrlEncoder.Encode(Claims(host));
        return signed + "." + Base64UrlEncoder.Encode(rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public static string KeySet(params SecurityKey[] keys)
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
}

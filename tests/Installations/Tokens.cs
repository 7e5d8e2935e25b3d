using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Millrace.Installations;

/// <summary>Mints JSON Web Tokens as any other program with the signing key would (RFC 7519, HS256).</summary>
internal static class Tokens
{
    public static string Mint(string tenant, string scope, DateTimeOffset expires, string signingKey = Installation.SigningKey)
    {
        var header = Encode(new { alg = "HS256", typ = "JWT" });
        var payload = Encode(new { sub = "tester", tenant, scope, roles = Array.Empty<string>(), exp = expires.ToUnixTimeSeconds() });
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(signingKey), Encoding.ASCII.GetBytes($"{header}.{payload}"));
        return $"{header}.{payload}.{Base64Url.EncodeToString(signature)}";
    }

    public static string Valid(string tenant, string scope = "ingest read write") => Mint(tenant, scope, TimeProvider.System.GetUtcNow().AddHours(1));

    private static string Encode(object part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
}

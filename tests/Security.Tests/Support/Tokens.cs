using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Millrace.Security.Tests.Support;

/// <summary>Tokens, good and bad.</summary>
internal static class Tokens
{
    public const string AllScopes = "ingest read write admin";

    public static string Valid(string tenant, string scope = AllScopes, string[]? channels = null, int seconds = 3600)
    {
        var claims = new JsonObject
        {
            ["sub"] = "someone-of-" + tenant,
            ["tenant"] = tenant,
            ["scope"] = scope,
            ["exp"] = TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds(),
        };
        if (channels is not null) claims["channels"] = new JsonArray([.. channels.Select(channel => (JsonNode)channel)]);
        return Sign(claims.ToJsonString());
    }

    public static string Expired(string tenant) => Valid(tenant, seconds: -3600);

    /// <summary>A good token of one tenant whose payload now names another.</summary>
    public static string Tampered(string own, string wanted)
    {
        var parts = Valid(own).Split('.');
        var payload = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])).Replace($"\"{own}\"", $"\"{wanted}\"", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.{parts[2]}";
    }

    /// <summary>A token that says it needs no signature.</summary>
    public static string Unsigned(string tenant)
    {
        var parts = Valid(tenant).Split('.');
        return $"{Base64Url.EncodeToString("{\"alg\":\"none\"}"u8)}.{parts[1]}.";
    }

    private static string Sign(string payload)
    {
        var signed = $"{Base64Url.EncodeToString("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(RunningMillrace.SigningKey), Encoding.ASCII.GetBytes(signed)))}";
    }
}

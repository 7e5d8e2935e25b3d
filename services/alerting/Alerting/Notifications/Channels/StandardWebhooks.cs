using System.Security.Cryptography;
using System.Text;

namespace Millrace.Alerting.Notifications;

/// <summary>
/// Signatures of Standard Webhooks 1.0 (standardwebhooks.com), scheme <c>v1</c>: HMAC-SHA256 over <c>id.timestamp.body</c>.
/// </summary>
internal static class StandardWebhooks
{
    /// <summary>The rule, for messages.</summary>
    public const string SecretRule =
        "Must be 'whsec_' and the base 64 of 24 to 64 random bytes (whsec_$(openssl rand -base64 32)), or another text of 16 to 128 characters, "
        + "whose UTF-8 bytes are then the key.";

    private const string Prefix = "whsec_";

    public static bool IsSecret(string secret)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal)) return secret.Length is >= 16 and <= 128;
        Span<byte> key = stackalloc byte[192];
        return Convert.TryFromBase64String(secret[Prefix.Length..], key, out var length) && length is >= 24 and <= 64;
    }

    /// <summary>A secret of 32 random bytes.</summary>
    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>The header <c>webhook-signature</c>.</summary>
    public static string Sign(string secret, string id, string timestamp, string body)
    {
        var key = secret.StartsWith(Prefix, StringComparison.Ordinal)
            ? Convert.FromBase64String(secret[Prefix.Length..])
            : Encoding.UTF8.GetBytes(secret);
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")));
    }
}

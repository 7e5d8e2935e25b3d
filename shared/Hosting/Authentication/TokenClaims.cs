using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Millrace.Hosting.Schema;

namespace Millrace.Hosting.Authentication;

/// <summary>The claims of a token whose signature is good.</summary>
internal sealed record TokenClaims(
    string? Tenant,
    string Subject,
    IReadOnlyList<string> Roles,
    Scopes Scopes,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? NotBefore,
    IReadOnlyDictionary<string, string> All)
{
    private const int MaxSubject = 256;

    // The day before the last that a DateTimeOffset can hold: the clock's skew is added to it.
    private const double LastSecond = 253402214400;

    /// <summary>Reads the payload.</summary>
    /// <exception cref="JsonException">It is not an object, names a claim twice, or a claim has the wrong type.</exception>
    public static TokenClaims Read(JsonWebToken token, AuthOptions options)
    {
        using var payload = JsonDocument.Parse(
            Base64UrlEncoder.DecodeBytes(token.EncodedPayload), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
        var root = payload.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException("Not an object.");

        var subject = Text(root, "sub");
        return new TokenClaims(
            Text(root, options.TenantClaim),
            string.IsNullOrEmpty(subject) ? "anonymous" : StoredText.Of(subject, MaxSubject),
            Texts(root, options.RolesClaim),
            ScopeNames.Parse(string.Join(' ', Texts(root, "scope"))),
            Time(root, "exp"),
            Time(root, "nbf"),
            new ClaimList(root));
    }

    private static string? Text(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind != JsonValueKind.String) throw new JsonException($"Claim {name} is not a text.");
        var text = value.GetString()!;
        // The audit log keeps who did what, and not every database can keep this.
        return text.Contains('\0', StringComparison.Ordinal) ? throw new JsonException($"Claim {name} holds U+0000.") : text;
    }

    private static List<string> Texts(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return [];
        if (value.ValueKind == JsonValueKind.String)
            return [value.GetString()!];
        if (value.ValueKind != JsonValueKind.Array)
            throw new JsonException($"Claim {name} is not a list of texts.");
        return [.. value.EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.String ? item.GetString()! : throw new JsonException($"Claim {name} is not a list of texts."))];
    }

    // NumericDate of RFC 7519: seconds, possibly with a fraction.
    private static DateTimeOffset? Time(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value))
            return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var seconds) || seconds < 0)
            throw new JsonException($"Claim {name} is not a time.");
        return DateTimeOffset.UnixEpoch.AddSeconds(Math.Min(seconds, LastSecond));
    }
}

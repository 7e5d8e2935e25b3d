using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Millrace.Hosting.Authentication;

/// <summary>
/// A token's claims by name, as JSON text. They are few and are kept with each cached verdict and each standing connection, so they stand in an array and not in a hash table, with
/// the names that most tokens have shared.
/// </summary>
internal sealed class ClaimList : IReadOnlyDictionary<string, string>
{
    private static readonly string[] Common = ["sub", "tenant", "scope", "roles", "exp", "iat", "nbf", "iss", "aud", "jti", "channels", "caps", "subs", "info", "channel", "expire_at"];
    private readonly KeyValuePair<string, string>[] _claims;

    /// <param name="root">The payload, whose names differ.</param>
    public ClaimList(JsonElement root) => _claims = [.. root.EnumerateObject().Select(claim => KeyValuePair.Create(NameOf(claim), claim.Value.GetRawText()))];

    public int Count => _claims.Length;

    public IEnumerable<string> Keys => _claims.Select(claim => claim.Key);

    public IEnumerable<string> Values => _claims.Select(claim => claim.Value);

    public string this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException(key);

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value)
    {
        foreach (var (name, text) in _claims)
        {
            if (!string.Equals(name, key, StringComparison.Ordinal)) continue;
            value = text;
            return true;
        }

        value = null;
        return false;
    }

    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _claims.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static string NameOf(JsonProperty claim)
    {
        foreach (var name in Common)
        {
            if (claim.NameEquals(name)) return name;
        }

        return claim.Name;
    }
}

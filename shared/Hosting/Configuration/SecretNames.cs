namespace Millrace.Hosting.Configuration;

/// <summary>Which settings are secrets, by their names: a setting's own, or a client property's such as <c>sasl.password</c>.</summary>
internal static class SecretNames
{
    private static readonly string[] Ends = ["password", "secret", "secretkey", "signingkey", "apikey", "connectionstring", "otlpheaders", "token"];
    private static readonly string[] Parts = ["password", "secret", "jaas", "sasl_oauthbearer_config", "key_pem", "_key"];

    /// <summary>Whether what stands under the name is not to be shown.</summary>
    public static bool IsSecret(string name)
    {
        var plain = name.ToLowerInvariant().Replace('.', '_');
        if (plain.EndsWith("file", StringComparison.Ordinal)) return false;
        return Ends.Any(end => plain.EndsWith(end, StringComparison.Ordinal)) || (plain.Contains('_', StringComparison.Ordinal) && Parts.Any(part => plain.Contains(part, StringComparison.Ordinal)));
    }
}

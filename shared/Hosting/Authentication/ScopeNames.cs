namespace Millrace.Hosting.Authentication;

/// <summary>Scopes as text: space-separated lower-case names, as in the claim <c>scope</c> (RFC 6749, section 3.3).</summary>
public static class ScopeNames
{
    private static readonly (string Name, Scopes Scope)[] Table =
    [
        ("ingest", Scopes.Ingest), ("read", Scopes.Read), ("write", Scopes.Write), ("admin", Scopes.Admin),
    ];

    /// <summary>All scopes there are.</summary>
    public const Scopes All = Scopes.Ingest | Scopes.Read | Scopes.Write | Scopes.Admin;

    /// <summary>The scopes by name, in a fixed order.</summary>
    public static string Format(Scopes scopes) => string.Join(' ', ToList(scopes));

    /// <summary>The names of the scopes, in a fixed order.</summary>
    public static IReadOnlyList<string> ToList(Scopes scopes) =>
        [.. Table.Where(entry => (scopes & entry.Scope) != 0).Select(entry => entry.Name)];

    /// <summary>The scopes that a text names; names that are not ours are passed over, as an OIDC issuer adds its own.</summary>
    public static Scopes Parse(string? text)
    {
        var scopes = Scopes.None;
        foreach (var name in (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (TryParse(name, out var scope))
                scopes |= scope;
        }

        return scopes;
    }

    /// <summary>Whether a name is that of a scope.</summary>
    public static bool TryParse(string name, out Scopes scope)
    {
        scope = Scopes.None;
        foreach (var (known, value) in Table)
        {
            if (string.Equals(known, name, StringComparison.Ordinal))
                scope = value;
        }

        return scope != Scopes.None;
    }

    /// <summary>What the roles of a token allow: viewer reads, editor also writes, admin and operator do everything.</summary>
    public static Scopes OfRoles(IEnumerable<string> roles) => roles.Aggregate(Scopes.None, (scopes, role) => scopes | role switch
    {
        "viewer" => Scopes.Read,
        "editor" => Scopes.Read | Scopes.Write,
        "admin" or "operator" => All,
        _ => Scopes.None,
    });
}

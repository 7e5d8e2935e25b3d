using System.Text.Json;
using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>
/// What a credential may listen to. A tenant's channels need scope <c>read</c> and that tenant (operators: any tenant); <c>admin:</c> needs scope
/// <c>admin</c>, <c>system:</c> an operator, <c>user:</c> the subject itself. A token with the claim <c>channels</c> is held to that list on
/// top, operators too: names, or beginnings of names with a final <c>*</c>.
/// </summary>
/// <param name="caller">Who.</param>
/// <param name="channels">The claim, <see langword="null"/> when absent.</param>
/// <param name="claims">All claims by name, as JSON; <see langword="null"/> for keys.</param>
internal sealed class ChannelGrants(Caller caller, IReadOnlyList<string>? channels, IReadOnlyDictionary<string, string>? claims = null)
{
    /// <summary>Name of the claim.</summary>
    public const string Claim = "channels";

    public Caller Caller => caller;

    /// <summary>The claim, <see langword="null"/> when absent.</summary>
    public IReadOnlyList<string>? Channels => channels;

    /// <summary>All claims by name, as JSON; <see langword="null"/> for keys.</summary>
    public IReadOnlyDictionary<string, string>? Claims => claims;

    /// <summary>Grants of an accepted credential.</summary>
    public static ChannelGrants Of(in AuthenticationVerdict verdict)
    {
        var caller = verdict.Caller ?? throw new ArgumentException("The credential was not accepted.", nameof(verdict));
        string? claim = null;
        verdict.Claims?.TryGetValue(Claim, out claim);
        return new ChannelGrants(caller, claim is null ? null : ParseClaim(claim), verdict.Claims);
    }

    /// <summary>Whether the credential may listen to the channel, existing or not.</summary>
    public bool MayListen(ChannelName name) => Allows(name) && (name.Namespace is null || name.Namespace.MaySubscribe(this, name));

    /// <summary>Whether the credential may publish into the channel.</summary>
    public bool MayPublish(ChannelName name) => Allows(name) && name.Namespace?.MayPublish(this, name) == true;

    /// <summary>Whether the channel is within the grants, existing or not; its namespace may ask for more.</summary>
    public bool Allows(ChannelName name)
    {
        if (!caller.Has(Scopes.Read) || !IsListed(name.Text)) return false;
        return name.Scope switch
        {
            ChannelScope.Tenant => caller.IsOperator || string.Equals(name.Owner, caller.Tenant, StringComparison.Ordinal),
            ChannelScope.Admin => caller.IsOperator || caller.Has(Scopes.Admin),
            ChannelScope.System => caller.IsOperator,
            ChannelScope.User => string.Equals(name.Owner, caller.Subject, StringComparison.Ordinal) && string.Equals(name.UserTenant, caller.Tenant, StringComparison.Ordinal),
            _ => true, // Nothing can be there; the answer is "unknown", not "denied".
        };
    }

    /// <summary>Whether the claim lists a name or pattern, itself or under a wider pattern; without a claim everything is.</summary>
    public bool IsListed(string nameOrPattern) => channels is null || channels.Any(p => Covers(p, nameOrPattern));

    private static bool Covers(string pattern, string name) =>
        pattern.EndsWith('*')
            ? name.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
            : string.Equals(pattern, name, StringComparison.Ordinal);

    // A claim that is there but makes no sense allows nothing: it was meant as a restriction.
    private static IReadOnlyList<string> ParseClaim(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Array =>
                    [.. document.RootElement.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)],
                JsonValueKind.String => [document.RootElement.GetString()!],
                _ => [],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or half a surrogate pair in a text.
            return [];
        }
    }
}

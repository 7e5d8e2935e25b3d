using System.Text.Json;
using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>
/// What a credential may listen to. A tenant's channels need scope <c>read</c> and that tenant (operators: any tenant); <c>admin:</c> needs scope
/// <c>admin</c>, <c>system:</c> an operator, <c>user:</c> the subject itself. A token with the claim <c>channels</c> is held to that list on
/// top, operators too: names, or beginnings of names with a final <c>*</c>; one with the claim <c>caps</c>
/// (<c>[{"channels":[…],"allow":["sub","pub","prs","hst"]}]</c>) to these uses of these channels.
/// </summary>
/// <param name="caller">Who.</param>
/// <param name="channels">The claim, <see langword="null"/> when absent.</param>
/// <param name="claims">All claims by name, as JSON; <see langword="null"/> for keys.</param>
internal sealed class ChannelGrants(Caller caller, IReadOnlyList<string>? channels, IReadOnlyDictionary<string, string>? claims = null)
{
    /// <summary>Name of the claim.</summary>
    public const string Claim = "channels";

    // What the claim caps allows: uses of channels. A claim that is there but makes no sense allows nothing.
    private readonly List<(List<string> Channels, List<string> Uses)>? _caps = claims?.TryGetValue("caps", out var json) == true ? ParseCaps(json) : null;

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
    public bool MayListen(ChannelName name) => Allows(name) && MayUse(name, "sub") && (name.Namespace is null || name.Namespace.MaySubscribe(this, name));

    /// <summary>Whether the credential may publish into the channel.</summary>
    public bool MayPublish(ChannelName name) => Allows(name) && MayUse(name, "pub") && name.Namespace?.MayPublish(this, name) == true;

    /// <summary>Whether the credential may ask for what was in the channel.</summary>
    public bool MayReadHistory(ChannelName name) => Allows(name) && MayUse(name, "hst") && (name.Namespace is null || name.Namespace.MaySubscribe(this, name));

    /// <summary>Whether the credential may ask who is in the channel.</summary>
    public bool MayReadPresence(ChannelName name) => Allows(name) && MaySeePresence(name) && (name.Namespace is null || name.Namespace.MaySubscribe(this, name));

    /// <summary>Whether the claim <c>caps</c> lets the credential ask who is in a channel that is open to it.</summary>
    public bool MaySeePresence(ChannelName name) => MayUse(name, "prs");

    /// <summary>Whether the channel is within the grants, existing or not; its namespace may ask for more.</summary>
    public bool Allows(ChannelName name) => IsListed(name.Text) && IsWithinOwner(name);

    /// <summary>Whether the channel is the tenant's, or else the user's own or of a role.</summary>
    public bool IsWithinOwner(ChannelName name)
    {
        if (!caller.Has(Scopes.Read)) return false;
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

    /// <summary>Whether the claim <c>caps</c> allows a use of the channel; without a claim it is allowed.</summary>
    private bool MayUse(ChannelName name, string use) => _caps is null || _caps.Any(c => c.Uses.Contains(use) && c.Channels.Any(p => Covers(p, name.Text)));

    private static bool Covers(string pattern, string name) =>
        pattern.EndsWith('*')
            ? name.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)
            : string.Equals(pattern, name, StringComparison.Ordinal);

    private static List<(List<string> Channels, List<string> Uses)> ParseCaps(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return [.. document.RootElement.EnumerateArray().Select(cap => (Texts(cap, "channels"), Texts(cap, "allow")))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not a list of objects, or half a surrogate pair in a text.
            return [];
        }
    }

    private static List<string> Texts(JsonElement cap, string name) =>
        cap.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)]
            : [];

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

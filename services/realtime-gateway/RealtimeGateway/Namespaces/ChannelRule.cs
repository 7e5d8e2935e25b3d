using System.Text.Json;
using System.Text.RegularExpressions;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary>Who may do something in the channels of a namespace: every condition that is given must hold; where none is given, nobody may.</summary>
internal sealed class ChannelRule(NamespacePermissionOptions options)
{
    private readonly bool _any = options.Scope is not null || options.Claim is not null || options.Pattern is not null;

    private readonly Scopes _scope = options.Scope is { } scope && ScopeNames.TryParse(scope, out var parsed) ? parsed : Scopes.None;

    /// <summary>Whether the credential may.</summary>
    public bool Allows(ChannelGrants grants, ChannelName channel) =>
        _any
        && grants.Caller.Has(_scope)
        && (options.Claim is null || HasClaim(grants.Claims, options.Claim))
        && (options.Pattern is null || Matches(options.Pattern, grants.Caller, channel.Rest));

    /// <summary>Whether the token has the claim; with <c>=</c>, whether the claim is, or as a list holds, that text.</summary>
    private static bool HasClaim(IReadOnlyDictionary<string, string>? claims, string wanted)
    {
        var equals = wanted.IndexOf('=');
        var name = equals < 0 ? wanted : wanted[..equals];
        if (claims is null || !claims.TryGetValue(name, out var json)) return false;
        try
        {
            using var document = JsonDocument.Parse(json);
            var value = document.RootElement;
            if (equals < 0) return value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False);
            var text = wanted[(equals + 1)..];
            return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Any(item => Is(item, text)) : Is(value, text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A claim that makes no sense gives nothing.
            return false;
        }
    }

    private static bool Is(JsonElement value, string text) =>
        string.Equals(value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText(), text, StringComparison.Ordinal);

    // Filled in after the stars are told apart: a star in a subject is a star, not a wildcard.
    private static bool Matches(string pattern, Caller caller, string rest)
    {
        var parts = pattern.Split('*').Select(
            part => Regex.Escape(part.Replace("{subject}", caller.Subject, StringComparison.Ordinal).Replace("{tenant}", caller.Tenant, StringComparison.Ordinal)));
        return Regex.IsMatch(rest, $"\\A{string.Join(".*", parts)}\\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);
    }
}

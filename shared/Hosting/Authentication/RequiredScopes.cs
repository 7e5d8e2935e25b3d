namespace Millrace.Hosting.Authentication;

/// <summary>Endpoint metadata: what a caller must hold. Put there by <see cref="ScopeExtensions.RequireScopes"/>.</summary>
/// <param name="Scopes">All of them are needed.</param>
public sealed record RequiredScopes(Scopes Scopes);

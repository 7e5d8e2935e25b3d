using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Hosting.Authentication;

/// <summary>Guards endpoints by credential and scope.</summary>
public static class ScopeExtensions
{
    /// <summary>
    /// Lets only callers with these scopes through; the check runs before a byte of the body is read or bound. Without a valid credential
    /// the answer is 401, without the scopes 403, both as problem details. The credential is taken as <see cref="Credentials.Read"/> says.
    /// An operator may act for another tenant with <c>?tenant=</c>; anybody else who names a tenant that is not its own gets 403.
    /// </summary>
    /// <typeparam name="TBuilder">A route handler, route or group builder.</typeparam>
    /// <param name="builder">What to guard.</param>
    /// <param name="scopes">Scopes that the caller must hold, all of them; <see cref="Scopes.None"/> asks for any valid credential.</param>
    public static TBuilder RequireScopes<TBuilder>(this TBuilder builder, Scopes scopes)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint =>
        {
            endpoint.Metadata.Add(new RequiredScopes(scopes));
            var next = endpoint.RequestDelegate ?? throw new InvalidOperationException("The endpoint has no handler to guard.");
            var guard = new ScopeGuard(
                endpoint.ApplicationServices.GetRequiredService<ICallerAuthenticator>(),
                endpoint.ApplicationServices.GetRequiredService<IRefusalAudit>(),
                scopes,
                next);
            endpoint.RequestDelegate = guard.InvokeAsync;
        });
        return builder;
    }

    /// <summary>The caller of a request that passed <see cref="RequireScopes"/>.</summary>
    /// <exception cref="InvalidOperationException">The endpoint is not guarded.</exception>
    public static Caller GetCaller(this HttpContext context) => context.TryGetCaller()
        ?? throw new InvalidOperationException($"{context.Request.Path} asks who calls but is not guarded: add RequireScopes to the endpoint.");

    /// <summary>The caller, or <see langword="null"/> where the endpoint is not guarded.</summary>
    public static Caller? TryGetCaller(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<Caller>();
    }
}

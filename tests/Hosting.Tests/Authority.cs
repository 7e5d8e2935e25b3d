using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Millrace.Hosting.Tests;

/// <summary>An OpenID Connect issuer as far as discovery goes.</summary>
internal sealed class Authority : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Authority(WebApplication app, SecurityKey key)
    {
        (_app, Key) = (app, key);
        Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public string Url { get; }

    public SecurityKey Key { get; set; }

    public static async Task<Authority> StartAsync(SecurityKey key)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/.well-known/openid-configuration", (HttpRequest request) => Results.Text(
            $$"""{"issuer":"http://{{request.Host}}","jwks_uri":"http://{{request.Host}}/keys"}""", "application/json"));
        Authority? authority = null;
        app.MapGet("/keys", () => Results.Text(TestTokens.KeySet(authority!.Key), "application/json"));
        await app.StartAsync();
        return authority = new Authority(app, key);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

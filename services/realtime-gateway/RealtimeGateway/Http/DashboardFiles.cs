using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Millrace.RealtimeGateway.Http;

/// <summary>The dashboard at <c>/</c>, or a page that says how to build it. Files at the top and folders each get a route of their own, so that everything
/// else stays what it is: 404 or 405, never a page.</summary>
internal static class DashboardFiles
{
    // Own scripts and styles only; sockets to wherever the page came from ('self' alone leaves ws: out in some browsers).
    private const string ContentSecurityPolicy =
        "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private const string NotBuilt = """
        Millrace runs, but its dashboard has not been built.

        Build it with
            cd services/realtime-gateway/dashboard && npm ci && npm run build
        and start again with Millrace__Gateway__Dashboard set to the directory "dist" that this makes, or let ./millrace up do both.

        The API is there without it: see docs/protocols.md.
        """;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<IOptions<GatewayOptions>>().Value;
        var logger = endpoints.ServiceProvider.GetRequiredService<ILogger<GatewayOptions>>();
        string[] candidates = [.. new[] { Path.GetFullPath(options.Dashboard), Path.Combine(AppContext.BaseDirectory, options.Dashboard) }.Distinct()];
        if (candidates.FirstOrDefault(c => File.Exists(Path.Combine(c, "index.html"))) is not { } directory)
        {
            Log.NoDashboard(logger, string.Join(", ", candidates));
            endpoints.MapGet("/", (RequestDelegate)NotBuiltAsync);
            return;
        }

        Log.Dashboard(logger, directory);
        var serve = Serve(endpoints, directory);
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        endpoints.MapMethods("/", methods, context =>
        {
            context.Request.Path = "/index.html";
            return serve(context);
        });
        foreach (var file in Directory.EnumerateFiles(directory)) endpoints.MapMethods("/" + Escape(Path.GetFileName(file)), methods, serve);
        foreach (var folder in Directory.EnumerateDirectories(directory))
            endpoints.MapMethods("/" + Escape(Path.GetFileName(folder)) + "/{**path}", methods, serve);
    }

    private static RequestDelegate Serve(IEndpointRouteBuilder endpoints, string directory)
    {
        var app = endpoints.CreateApplicationBuilder();
        app.Use((context, next) =>
        {
            // The file middleware steps aside for whoever matched a route, which here is itself.
            context.SetEndpoint(null);
            return next(context);
        });
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(directory),
            OnPrepareResponse = response => Protect(response.Context, immutable: response.Context.Request.Path.StartsWithSegments("/assets")),
        });
        return app.Build();
    }

    private static Task NotBuiltAsync(HttpContext context)
    {
        Protect(context, immutable: false);
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(NotBuilt, Encoding.UTF8, context.RequestAborted);
    }

    private static void Protect(HttpContext context, bool immutable)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XFrameOptions = "DENY";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        // The build names assets by their content.
        headers.CacheControl = immutable ? "public, max-age=31536000, immutable" : "no-cache";
    }

    private static string Escape(string name) => name.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
}

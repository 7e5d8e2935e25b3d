using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Millrace.Verify.Observe;

/// <summary>Somebody who is told of alerts: takes webhooks on a free port of loopback, and remembers which notifications came.</summary>
internal sealed class Webhooks : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<(string Alert, string Status), ConcurrentDictionary<string, bool>> _told = new();

    private Webhooks(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Url => _app.Urls.First() + "/hook";

    /// <summary>Starts it.</summary>
    public static async Task<Webhooks> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var webhooks = new Webhooks(app);
        app.MapPost("/hook", webhooks.TakeAsync);
        await app.StartAsync(cancellationToken);
        return webhooks;
    }

    /// <summary>Ids of the notifications that said so of an alert; more than one attempt of one has one id.</summary>
    public IReadOnlyCollection<string> Told(string alert, string status) => _told.TryGetValue((alert, status), out var ids) ? [.. ids.Keys] : [];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var body = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        foreach (var alert in body!["alerts"]!.AsArray())
            _told.GetOrAdd(((string)alert!["id"]!, (string)body["status"]!), _ => new ConcurrentDictionary<string, bool>(StringComparer.Ordinal))[context.Request.Headers["webhook-id"].ToString()] = true;
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Millrace.EndToEnd.Tests.Support;

/// <summary>A receiver of webhooks on a free port; remembers every request.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WebhookReceiver(WebApplication app) => _app = app;

    public ConcurrentQueue<(string Id, JsonNode Body)> Received { get; } = new();

    public string Url => _app.Urls.First();

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.MapPost("/hook", async (HttpContext context) =>
        {
            var body = await JsonNode.ParseAsync(context.Request.Body);
            receiver.Received.Enqueue((context.Request.Headers["webhook-id"].ToString(), body!));
        });
        await app.StartAsync();
        return receiver;
    }

    public int Count(string status) => Received.Where(webhook => (string?)webhook.Body["status"] == status).Select(webhook => webhook.Id).Distinct().Count();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

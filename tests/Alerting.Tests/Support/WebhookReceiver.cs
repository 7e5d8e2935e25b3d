using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Millrace.Alerting.Tests.Support;

/// <summary>A real server on a free port of this machine that takes webhooks and answers as it is told.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _requests = [];

    private WebhookReceiver(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Everything that came, oldest first.</summary>
    public IReadOnlyList<Received> Requests => [.. _requests];

    /// <summary>Decides on the answer; by default 204.</summary>
    public Func<Received, Answer> Respond { get; set; } = _ => new Answer(204);

    /// <summary>The different notifications of a status that came, each counted once.</summary>
    public int Count(string status) =>
        _requests.Where(request => request.Status == status).Select(request => request.Id).Distinct(StringComparer.Ordinal).Count();

    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        receiver.Url = app.Urls.Single();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        var received = new Received(
            context.Request.Path,
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body);
        _requests.Enqueue(received);
        var answer = Respond(received);
        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers ?? []) context.Response.Headers[name] = value;
    }

    internal sealed record Answer(int Status, Dictionary<string, string>? Headers = null);

    internal sealed record Received(string Path, Dictionary<string, string> Headers, string Body)
    {
        public JsonNode Json => JsonNode.Parse(Body)!;

        public string Status => (string)Json["status"]!;

        public string Id => Headers["webhook-id"];
    }
}

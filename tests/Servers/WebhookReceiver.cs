using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Millrace.Servers;

/// <summary>A real server on a free port of this machine that takes webhooks and answers as it is told.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
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

    /// <summary>Starts it.</summary>
    public static async Task<WebhookReceiver> StartAsync(CancellationToken cancellationToken = default)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new WebhookReceiver(app);
        app.Run(receiver.TakeAsync);
        await app.StartAsync(cancellationToken);
        receiver.Url = app.Urls.Single();
        return receiver;
    }

    /// <summary>Stops it.</summary>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

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

    /// <summary>What it answers with.</summary>
    /// <param name="Status">HTTP status.</param>
    /// <param name="Headers">More headers.</param>
    public sealed record Answer(int Status, Dictionary<string, string>? Headers = null);

    /// <summary>A request that came.</summary>
    /// <param name="Path">Its path.</param>
    /// <param name="Headers">Its headers, whatever the case of their names.</param>
    /// <param name="Body">Its body.</param>
    public sealed record Received(string Path, Dictionary<string, string> Headers, string Body)
    {
        /// <summary>The document in the body.</summary>
        public JsonNode Json => JsonNode.Parse(Body)!;

        /// <summary>Whether it says that alerts fire, or are over.</summary>
        public string Status => (string)Json["status"]!;

        /// <summary>Id of the notification, which all its attempts share.</summary>
        public string Id => Headers["webhook-id"];
    }
}

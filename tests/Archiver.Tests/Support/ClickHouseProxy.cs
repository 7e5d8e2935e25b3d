using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.ClickHouse;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Tests.Support;

/// <summary>Stands between the archiver and ClickHouse as an HTTP proxy, and does to requests what the test says.</summary>
internal sealed class ClickHouseProxy : IAsyncDisposable
{
    private static readonly string[] _notForwarded = ["Transfer-Encoding", "Connection", "Keep-Alive", "Content-Length"];
    private readonly WebApplication _app;
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2) }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly ClickHouseLocator _locate;

    private ClickHouseProxy(ClickHouseLocator locate)
    {
        _locate = locate;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestLineSize = 1 << 20;
            kestrel.Limits.MinResponseDataRate = null;
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
    }

    /// <summary>What happens to a statement. By default it passes.</summary>
    public Func<string, Treatment> Treat { get; set; } = _ => Treatment.Pass;

    /// <summary>Asked first, with the request itself; <see langword="null"/> leaves it to <see cref="Treat"/>.</summary>
    public Func<HttpRequest, string, Task<Treatment?>> Inspect { get; set; } = (_, _) => Task.FromResult<Treatment?>(null);

    /// <summary>Says where the proxy is, with the credentials of the server behind.</summary>
    public ClickHouseLocator Locator => async token => await _locate(token) with { Url = Url };

    /// <summary>Address of the proxy.</summary>
    public Uri Url => new(_app.Urls.First());

    public static async Task<ClickHouseProxy> StartAsync(ClickHouseLocator locate)
    {
        var proxy = new ClickHouseProxy(locate);
        await proxy._app.StartAsync();
        return proxy;
    }

    /// <summary>A client that goes through it.</summary>
    public IClickHouse Connect(TimeSpan? timeout = null)
    {
        var settings = new Dictionary<string, string?> { ["Millrace:ClickHouse:Timeout"] = (timeout ?? TimeSpan.FromSeconds(30)).ToString() };
        var services = new ServiceCollection().AddSingleton(Locator);
        services.AddClickHouseAdapter(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        return services.BuildServiceProvider().GetRequiredService<IClickHouse>();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        // Whole, so that ClickHouse gets what was sent even when the sender does not wait.
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        body.Position = 0;
        var statement = context.Request.Query["query"].ToString() is { Length: > 0 } query ? query : System.Text.Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length);
        if (context.Request.Path == "/ping") statement = "ping";
        var treatment = await Inspect(context.Request, statement) ?? Treat(statement);
        if (treatment.Before is { } before) await before;
        if (treatment.Status is { } status)
        {
            context.Response.StatusCode = status;
            if (treatment.Code is { } code) context.Response.Headers["X-ClickHouse-Exception-Code"] = $"{code}";
            await context.Response.WriteAsync(treatment.Code is null ? treatment.Text : $"Code: {treatment.Code}. DB::Exception: {treatment.Text}");
            return;
        }

        var server = await _locate(CancellationToken.None);
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(server.Url, context.Request.Path + context.Request.QueryString));
        if (context.Request.Method == "POST") request.Content = new StreamContent(body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name != "Host" && !_notForwarded.Contains(name)) request.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }

        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (treatment.Answered is { } answered) await answered();
        if (treatment.After is { } after) await after;
        if (treatment.Cut)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!_notForwarded.Contains(name)) context.Response.Headers[name] = values.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body);
    }

    /// <summary>What happens to a request.</summary>
    /// <param name="Before">Waited for before it goes to ClickHouse.</param>
    /// <param name="After">Waited for before the answer goes back.</param>
    /// <param name="Status">Answered with, instead of asking ClickHouse.</param>
    /// <param name="Code">ClickHouse's error code of that answer.</param>
    /// <param name="Text">Its text.</param>
    /// <param name="Answered">Done when ClickHouse has answered, before that is passed on.</param>
    /// <param name="Cut">Whether the connection breaks instead of an answer, when ClickHouse has done what it was asked.</param>
    internal sealed record Treatment(Task? Before = null, Task? After = null, int? Status = null, int? Code = null, string Text = "", Func<Task>? Answered = null, bool Cut = false)
    {
        public static readonly Treatment Pass = new();

        public static Treatment Fail(HttpStatusCode status, int? code = null, string text = "") => new(Status: (int)status, Code: code, Text: text);
    }
}

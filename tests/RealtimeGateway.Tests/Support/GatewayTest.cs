using System.Text.Json.Nodes;
using Millrace.Testing;
using Xunit;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>A test with a gateway of its own.</summary>
public abstract class GatewayTest : IAsyncLifetime
{
    protected const string Metrics = "tenant:acme:metrics:shop";
    protected const string Events = "tenant:acme:events:shop";
    protected const string Alerts = "tenant:acme:alerts";

    internal GatewayServer Server { get; private set; } = null!;

    internal LogWriter Writer => Server.Writer;

    /// <summary>Settings beside the defaults, below <c>Millrace:</c>.</summary>
    protected virtual (string Key, string Value)[] Settings => [];

    public async ValueTask InitializeAsync() => Server = await GatewayServer.StartAsync(Settings);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal Task<SocketClient> ConnectAsync(string? token = null) => SocketClient.ConnectAsync(Server.Address, token ?? Server.Token());

    /// <summary>Waits until the gateway has taken in so many windows of the stream.</summary>
    protected Task WindowsSeenAsync(int count, string stream = LogWriter.Stream) => Eventually.TrueAsync(
        async () => (await GetAsync($"/api/v1/windows?stream={stream}&limit=10000"))["items"]!.AsArray().Count == count);

    protected async Task<JsonNode> GetAsync(string path, string? credential = GatewayServer.ApiKey)
    {
        using var http = Server.Http(credential);
        return JsonNode.Parse(await http.GetStringAsync(path))!;
    }

    protected static List<int> Counts(JsonNode windows) => [.. windows.AsArray().Select(w => (int)w!["count"]!)];

    protected static int Code(JsonNode reply) => (int?)reply["error"]?["code"] ?? 0;
}

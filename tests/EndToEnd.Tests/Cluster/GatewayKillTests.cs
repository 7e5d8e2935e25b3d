using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Millrace.EndToEnd.Tests.Support;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>Two gateway processes on one log; one is killed while a thousand clients listen to it.</summary>
public sealed class GatewayKillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Clients = 1_000;
    private const int Messages = 300;
    private const string Room = "tenant:default:chat:room";
    private const string Program = "Millrace.RealtimeGateway.Host";
    private readonly TempDirectory _data = new();
    private KafkaMockBroker _kafka = null!;
    private HostProcess _doomed = null!;
    private HostProcess _survivor = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _kafka = await KafkaMockBroker.StartAsync(Cancelled);
        await _kafka.CreateMillraceTopicsAsync(4, Cancelled);
        var settings = new Dictionary<string, string>
        {
            ["Millrace__Adapters__EventLog"] = "kafka",
            ["Millrace__Adapters__Metadata"] = "sqlite",
            ["Millrace__Kafka__BootstrapServers"] = _kafka.BootstrapServers,
            ["Millrace__Kafka__CreateTopics"] = "false",
            ["Millrace__Metadata__File"] = _data.File("metadata.db"),
            ["Millrace__Auth__SigningKey"] = Installation.SigningKey,
            ["Millrace__Bootstrap__Tenant"] = "default",
            ["Millrace__Bootstrap__ApiKey"] = Installation.ApiKey,
            // Less than what is missed: the rest comes from the log.
            ["Millrace__Gateway__Namespaces__chat__HistorySize"] = "20",
            ["Millrace__Gateway__Namespaces__chat__Recovery"] = "true",
            ["Millrace__Gateway__Namespaces__chat__Presence"] = "true",
            ["Millrace__Gateway__Presence__Ttl"] = "00:00:03",
        };
        _survivor = await HostProcess.StartAsync(Program, settings);
        _doomed = await HostProcess.StartAsync(Program, settings);
    }

    public async ValueTask DisposeAsync()
    {
        _doomed?.Dispose();
        _survivor?.Dispose();
        if (_kafka is not null) await _kafka.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task Killed_gateways_clients_go_on_at_the_other_and_each_ends_with_everything_in_order()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        using var backend = new HttpClient { BaseAddress = _survivor.Address };
        backend.DefaultRequestHeaders.Add("X-API-Key", Installation.ApiKey);
        var listeners = Enumerable.Range(0, Clients).Select(_ => new RoomListener(_doomed.Address, _survivor.Address, Room)).ToList();
        var running = new ConcurrentBag<Task>();
        // As a crowd comes: some at a time, for the handshakes of all at once would take their own time out.
        await Parallel.ForEachAsync(listeners, new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (listener, token) =>
        {
            running.Add(listener.RunAsync(stop.Token));
            await listener.Subscribed.Task.WaitAsync(TimeSpan.FromSeconds(60), token);
        });
        await Eventually.TrueAsync(async () => await PresentAsync(backend) == Clients, TimeSpan.FromSeconds(60), "all are present, seen from the other gateway");

        for (var n = 0; n < Messages; n++)
        {
            if (n == Messages / 3)
            {
                _doomed.Kill();
                output.WriteLine($"killed after {n} messages; the fastest client had {listeners.Max(l => l.Received.Count)}, the slowest {listeners.Min(l => l.Received.Count)}");
            }

            await PublishAsync(backend, n);
        }

        var last = Stopwatch.GetTimestamp();
        try
        {
            await Eventually.TrueAsync(() => listeners.All(l => l.Received.Count >= Messages), TimeSpan.FromSeconds(120), "every client has as many as were published");
        }
        finally
        {
            output.WriteLine($"received {listeners.Min(l => l.Received.Count)} to {listeners.Max(l => l.Received.Count)}; {listeners.Sum(l => l.Recovered)} recovered, {listeners.Sum(l => l.Lost)} could not; {running.Count(r => r.IsCompleted)} gave up");
        }

        output.WriteLine($"all had everything {Stopwatch.GetElapsedTime(last).TotalSeconds:0.0} s after the last; {listeners.Sum(l => l.Recovered)} recovered, {listeners.Sum(l => l.Lost)} could not");
        var everything = Enumerable.Range(0, Messages).ToArray();
        Assert.All(listeners, listener => Assert.Equal(everything, listener.Received));
        Assert.All(listeners, listener => Assert.True(listener.Recovered >= 1));
        Assert.Equal(0, listeners.Sum(listener => listener.Lost));

        // Those of the killed one are gone; what is left are the thousand that came.
        await Eventually.TrueAsync(async () => await PresentAsync(backend) == Clients, TimeSpan.FromSeconds(30), "nobody of the killed gateway is present any more");
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    private static async Task PublishAsync(HttpClient backend, int n)
    {
        var answer = await backend.PostAsJsonAsync("/api/publish", new { channel = Room, data = n }, Cancelled);
        Assert.NotNull((await JsonAsync(answer))["result"]);
    }

    private static async Task<int> PresentAsync(HttpClient backend)
    {
        using var answer = await backend.PostAsJsonAsync("/api/presence_stats", new { channel = Room }, Cancelled);
        return (int)(await JsonAsync(answer))["result"]!["num_clients"]!;
    }

    private static async Task<JsonNode> JsonAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancelled))!;
}

using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Millrace.EndToEnd.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>What a user of the five services sees while nothing fails.</summary>
[Collection(SharedClusterCollection.Name)]
public sealed class ClusterTests(SharedCluster shared)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public Task Ingest_of_100000_events_through_five_services_is_exact_everywhere() => Exactness.CheckAsync(shared.Millrace, "exact");

    [Fact]
    public async Task Json_produced_to_Kafka_is_on_the_socket_in_ClickHouse_and_in_the_ledger_and_bad_ones_are_dead_letters()
    {
        var millrace = shared.Millrace;
        using var client = millrace.Client();
        var before = await Eventually.ValueAsync(async () => await client.LedgerAsync(), ledger => ledger.Pending == 0);
        using var socket = new ClientWebSocket();
        var address = new UriBuilder(new Uri(millrace.Url, "/ws?stream=inbound&mode=deltas")) { Scheme = "ws" };
        socket.Options.SetRequestHeader("Authorization", "Bearer " + Installation.ApiKey);
        await socket.ConnectAsync(address.Uri, Cancelled);

        using (var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = millrace.Kafka.BootstrapServers }).Build())
        {
            await ProduceAsync(producer, """{"id":"k-1","type":"sale","values":{"amount":12.5}}""");
            await ProduceAsync(producer, """{"amount":3}""", ("ce_specversion", "1.0"), ("ce_id", "k-2"), ("ce_source", "/till"), ("ce_type", "sale"), ("content-type", "application/json"));
            await ProduceAsync(producer, """{"id":"k-3","values":{"amount":"much"}}""");
        }

        var seen = 0L;
        while (seen < 2)
        {
            var message = await ReceiveAsync(socket);
            if ((string?)message["type"] == "window" && (string?)message["data"]!["type"] == "sale") seen = Math.Max(seen, (long)message["data"]!["count"]!);
        }

        var ledger = await Eventually.ValueAsync(async () => await client.LedgerAsync(), ledger => ledger.Pending == 0 && ledger.Received == before.Received + 3, TimeSpan.FromSeconds(60));
        Assert.True(ledger.Balances);
        Assert.Equal((before.Rejected + 1, before.DeadLettered + 1), (ledger.Rejected, ledger.DeadLettered));
        Assert.Equal(["k-1", "k-2"], await millrace.SqlAsync("SELECT id FROM millrace.events WHERE stream = 'inbound' AND id LIKE 'k-%' ORDER BY id FORMAT TSV"));
        var letter = Assert.Single(await DeadLettersAsync(millrace, "k-3"));
        Assert.Contains("wrong_type", letter, StringComparison.Ordinal);
        Assert.Contains("values.amount", letter, StringComparison.Ordinal);
    }

    private static async Task ProduceAsync(IProducer<Null, string> producer, string value, params (string Name, string Value)[] headers)
    {
        var message = new Message<Null, string> { Value = value, Headers = [] };
        foreach (var (name, text) in headers) message.Headers.Add(name, Encoding.UTF8.GetBytes(text));
        var report = await producer.ProduceAsync("millrace.inbound", message, Cancelled);
        Assert.Equal(PersistenceStatus.Persisted, report.Status);
    }

    private static async Task<JsonNode> ReceiveAsync(ClientWebSocket socket)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var buffer = new byte[1 << 20];
        var length = 0;
        WebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), limit.Token);
            length += part.Count;
        }
        while (!part.EndOfMessage);
        return JsonNode.Parse(buffer.AsSpan(0, length))!;
    }

    /// <summary>Reads the dead-letter topic as any Kafka client would; its values are Protobuf, whose texts are readable as they are.</summary>
    private static async Task<List<string>> DeadLettersAsync(ClusterInstallation millrace, string containing)
    {
        await Task.Yield();
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(
            new ConsumerConfig { BootstrapServers = millrace.Kafka.BootstrapServers, GroupId = "reader", EnableAutoCommit = false, EnablePartitionEof = true }).Build();
        consumer.Assign(new TopicPartitionOffset("millrace.dead-letter", 0, Offset.Beginning));
        var found = new List<string>();
        while (consumer.Consume(Cancelled) is { IsPartitionEOF: false } record)
        {
            var text = Encoding.UTF8.GetString(record.Message.Value);
            if (text.Contains(containing, StringComparison.Ordinal)) found.Add(text);
        }

        return found;
    }
}

using System.Text;
using Confluent.Kafka;
using Millrace.Ports.EventLog;
using Xunit;
using static Millrace.Adapters.Kafka.Tests.LogExtensions;

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>Other programs on the same topics.</summary>
public sealed class ForeignTests(KafkaFixture kafka)
{
    private readonly string _prefix = KafkaFixture.NewPrefix();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Records_of_others_are_read_whatever_their_headers_keys_and_values_are()
    {
        var servers = await kafka.GetServersAsync();
        var topic = _prefix + "Orders_EU.v1";
        await using var log = kafka.Open(servers, "", options => options.Topics[topic] = new Configuration.KafkaTopicOptions { Partitions = 1 });
        await log.DescribeAsync(topic, Cancelled);
        using (var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig { BootstrapServers = servers }).Build())
        {
            var headers = new Confluent.Kafka.Headers
            {
                { "content-type", "application/json"u8.ToArray() }, { "binary", [0xff, 0xfe, (byte)'a'] }, { "twice", "1"u8.ToArray() },
                { "twice", "2"u8.ToArray() }, { "null", null }, { "empty", [] },
            };
            await producer.ProduceAsync(new TopicPartition(topic, 0), new Message<byte[]?, byte[]?> { Value = "{}"u8.ToArray(), Headers = headers }, Cancelled);
            await producer.ProduceAsync(new TopicPartition(topic, 0), new Message<byte[]?, byte[]?> { Key = [0xff] }, Cancelled);
        }

        await using var consumer = await log.OpenConsumerAsync(topic, new LogConsumerOptions(), Cancelled);
        var entries = new List<(byte[] Key, byte[] Value, IReadOnlyDictionary<string, string>? Headers)>();
        while (entries.Count < 2)
        {
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(30), Cancelled);
            Assert.NotNull(batch);
            foreach (var entry in batch.Entries) entries.Add((entry.Key.ToArray(), entry.Value.ToArray(), entry.Headers));
        }

        Assert.Equal(("", "{}"), (Encoding.UTF8.GetString(entries[0].Key), Encoding.UTF8.GetString(entries[0].Value)));
        var read = entries[0].Headers!;
        Assert.Equal(("application/json", "2", "", ""), (read["content-type"], read["twice"], read["null"], read["empty"]));
        Assert.EndsWith("a", read["binary"], StringComparison.Ordinal);
        Assert.Equal([0xff], entries[1].Key);
        Assert.Empty(entries[1].Value);
        Assert.Null(entries[1].Headers);
    }

    [Fact]
    public async Task Partitions_are_those_that_javas_producer_chooses()
    {
        await using var log = kafka.Open(await kafka.GetServersAsync(), _prefix);
        // Utils.murmur2 of Kafka's own tests: toPositive(hash) % 4.
        (string Key, int Hash)[] known = [("21", -973932308), ("foobar", -790332482), ("a-little-bit-long-string", -985981536), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)];
        var positions = new LogPosition[known.Length];
        await log.AppendAsync(Topic, known.Select(one => Record(one.Key, "")).ToArray(), positions, Cancelled);
        Assert.Equal(known.Select(one => (one.Hash & int.MaxValue) % 4), positions.Select(position => position.Partition));
    }

    [Fact]
    public async Task Records_are_messages_that_any_consumer_reads()
    {
        var servers = await kafka.GetServersAsync();
        await using var log = kafka.Open(servers, _prefix);
        var headers = new Dictionary<string, string> { ["traceparent"] = "00-aa-bb-01", ["origin"] = "3:4" };
        LogRecord[] records = [new LogRecord("key"u8.ToArray(), "value"u8.ToArray(), headers), Record("key", "second")];
        var positions = new LogPosition[2];
        await log.AppendAsync(Topic, records, positions, Cancelled);
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = servers, GroupId = _prefix }).Build();
        consumer.Assign(new TopicPartitionOffset(_prefix + Topic, positions[0].Partition, positions[0].Offset));
        var first = consumer.Consume(Cancelled);
        Assert.Equal(("key", "value", positions[0].Offset), (first.Message.Key, first.Message.Value, first.Offset.Value));
        Assert.Equal(["traceparent=00-aa-bb-01", "origin=3:4"], first.Message.Headers.Select(h => $"{h.Key}={Encoding.UTF8.GetString(h.GetValueBytes())}"));
        var second = consumer.Consume(Cancelled);
        Assert.Equal(("second", 0), (second.Message.Value, second.Message.Headers.Count));
    }
}

using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Millrace.Contracts;
using Millrace.Ports.EventLog;
using Millrace.Testing;
using Xunit;
using static Millrace.Adapters.Kafka.Tests.LogExtensions;

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>What librdkafka's mock cluster can't do; runs where <c>MILLRACE_TEST_KAFKA</c> names a real broker.</summary>
public sealed class RealBrokerTests(KafkaFixture kafka)
{
    private readonly string _prefix = KafkaFixture.NewPrefix();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Topics_are_created_with_their_partitions_retention_and_policy()
    {
        KafkaFixture.RequireReal("the mock creates topics by itself only");
        await using var log = kafka.Open(KafkaFixture.RealServers, _prefix, options =>
        {
            options.Topics[Topics.Events] = new Configuration.KafkaTopicOptions { Partitions = 3, MaxAge = TimeSpan.FromHours(2), MaxBytes = 300 << 20 };
        });
        await log.EnsureTopicsAsync([Topics.Events, Topics.Alerts], Cancelled);
        Assert.Equal(3, (await log.DescribeAsync(Topics.Events, Cancelled)).Partitions.Count);
        var events = await ConfigAsync(_prefix + Topics.Events);
        Assert.Equal("7200000", events["retention.ms"]);
        Assert.Equal($"{100 << 20}", events["retention.bytes"]);
        Assert.Equal("LogAppendTime", events["message.timestamp.type"]);
        Assert.Equal("delete", events["cleanup.policy"]);
        var alerts = await ConfigAsync(_prefix + Topics.Alerts);
        Assert.Equal("compact", alerts["cleanup.policy"]);
        Assert.Equal("604800000", alerts["min.compaction.lag.ms"]);
    }

    [Fact]
    public async Task Topic_that_exists_is_left_as_it_is()
    {
        KafkaFixture.RequireReal("the mock creates topics by itself only");
        using (var admin = Admin()) await admin.CreateTopicsAsync([new TopicSpecification { Name = _prefix + Topic, NumPartitions = 2 }]);
        await using var log = kafka.Open(KafkaFixture.RealServers, _prefix);
        await log.AppendAsync("one");
        Assert.Equal(2, (await log.DescribeAsync(Topic, Cancelled)).Partitions.Count);
        Assert.NotEqual("LogAppendTime", (await ConfigAsync(_prefix + Topic))["message.timestamp.type"]);
    }

    [Fact]
    public async Task Topic_that_is_missing_and_must_not_be_created_is_an_error_that_says_so()
    {
        KafkaFixture.RequireReal("the mock creates topics by itself");
        await using var log = kafka.Open(KafkaFixture.RealServers, _prefix, options => options.CreateTopics = false);
        var failure = await Assert.ThrowsAsync<EventLogException>(async () => await log.DescribeAsync("test.missing", Cancelled));
        Assert.Contains("no topic", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
    }

    [Fact]
    public async Task Epoch_is_the_topics_id_and_changes_when_the_topic_is_made_anew()
    {
        KafkaFixture.RequireReal("OutageTests shows it on the mock");
        await using var log = kafka.Open(KafkaFixture.RealServers, _prefix);
        await log.AppendAsync("one");
        var epoch = (await log.DescribeAsync(Topic, Cancelled)).Epoch;
        await using var again = kafka.Open(KafkaFixture.RealServers, _prefix);
        Assert.Equal(epoch, (await again.DescribeAsync(Topic, Cancelled)).Epoch);
        using var admin = Admin();
        await admin.DeleteTopicsAsync([_prefix + Topic]);
        await Eventually.TrueAsync(() => !admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics.Any(topic => topic.Topic == _prefix + Topic));
        await using var later = kafka.Open(KafkaFixture.RealServers, _prefix);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await later.DescribeAsync(Topic, Cancelled)).Epoch != epoch;
            }
            catch (EventLogException)
            {
                // The brokers are not done with the old one yet.
                return false;
            }
        });
    }

    [Fact]
    public async Task Retention_moves_the_earliest_offset_and_a_new_reader_begins_there()
    {
        KafkaFixture.RequireReal("OutageTests shows it on the mock");
        await using var log = kafka.Open(KafkaFixture.RealServers, _prefix);
        LogPosition[] positions = new LogPosition[5];
        await log.AppendAsync(Topic, Enumerable.Range(0, 5).Select(i => Record("k", $"{i}")).ToArray(), positions, Cancelled);
        using var admin = Admin();
        await admin.DeleteRecordsAsync([new TopicPartitionOffset(_prefix + Topic, positions[0].Partition, positions[3].Offset)]);
        Assert.Equal(positions[3].Offset, (await log.DescribeAsync(Topic, Cancelled)).Partitions[positions[0].Partition].EarliestOffset);
        await using var consumer = await log.OpenConsumerAsync(Topic, new LogConsumerOptions { StartAt = (_, _) => ValueTask.FromResult(0L) }, Cancelled);
        Assert.Equal(["3", "4"], await consumer.ReadAsync(2));
    }

    [Fact]
    public async Task Offsets_by_time_are_exact()
    {
        KafkaFixture.RequireReal("the mock does not find offsets by time");
        await using var log = kafka.Open(KafkaFixture.RealServers, _prefix, options => options.Partitions = 1);
        await using var consumer = await log.JoinAsync(null);
        var times = new List<(long Offset, long Ms)>();
        while (times.Count < 20)
        {
            await log.AppendAsync($"{times.Count}");
            using var batch = await consumer.ReadAsync(TimeSpan.FromSeconds(30), Cancelled);
            foreach (var entry in batch!.Entries) times.Add((entry.Offset, entry.AppendedAtMs));
        }

        foreach (var (_, ms) in times)
        {
            Assert.Equal(times.First(time => time.Ms >= ms).Offset, await log.FindOffsetAsync(Topic, 0, ms, Cancelled));
            var next = times.FirstOrDefault(time => time.Ms > ms, (20, 0)).Offset;
            Assert.Equal(next, await log.FindOffsetAsync(Topic, 0, ms + 1, Cancelled));
        }

        Assert.Equal(0, await log.FindOffsetAsync(Topic, 0, 0, Cancelled));
    }

    [Fact]
    public async Task Log_time_of_an_idle_partition_keeps_its_distance_to_the_clock()
    {
        KafkaFixture.RequireReal("log time is the brokers', which the mock does not give");
        await using var log = kafka.Open(KafkaFixture.RealServers, _prefix, options => options.Partitions = 1);
        await log.AppendAsync("one");
        await using var consumer = await log.JoinAsync(null);
        await consumer.ReadAsync(1);
        await Eventually.TrueAsync(() => consumer.CompleteThroughMs(0) > TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 3000);
        Assert.True(consumer.CompleteThroughMs(0) <= TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 1000);
    }

    private static IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = KafkaFixture.RealServers }).Build();

    private static async Task<Dictionary<string, string>> ConfigAsync(string topic)
    {
        using var admin = Admin();
        var described = await admin.DescribeConfigsAsync([new ConfigResource { Name = topic, Type = ResourceType.Topic }]);
        return described[0].Entries.ToDictionary(entry => entry.Key, entry => Convert.ToString(entry.Value.Value, CultureInfo.InvariantCulture)!);
    }
}

using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Millrace.Adapters.Kafka.Configuration;
using Millrace.Contracts;
using Millrace.Ports.EventLog;
using Xunit;
using static Millrace.Adapters.Kafka.Tests.LogExtensions;

namespace Millrace.Adapters.Kafka.Tests;

/// <summary>Registration, options, health and metrics.</summary>
public sealed class ModuleTests(KafkaFixture kafka)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Adapter_registered_appends_reports_health_and_measures()
    {
        var measured = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Millrace.EventLog") self.EnableMeasurementEvents(instrument);
            },
        };
        void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
            where T : struct
        {
            foreach (var tag in tags)
            {
                if (tag is { Key: "topic", Value: "module.test" }) measured[instrument.Name] = Convert.ToDouble(value, null);
            }
        }
        listener.SetMeasurementEventCallback<long>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();
        await using var provider = Build(("Kafka:BootstrapServers", await kafka.GetServersAsync()), ("Kafka:Prefix", KafkaFixture.NewPrefix()));
        var log = provider.GetRequiredService<IEventLog>();
        await using var consumer = await log.OpenConsumerAsync("module.test", new LogConsumerOptions { Group = "g" }, Cancelled);
        await log.AppendAsync("module.test", new[] { Record("k", "value") }, Memory<LogPosition>.Empty, Cancelled);
        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled);
        Assert.Equal(HealthStatus.Healthy, report.Entries["event-log"].Status);
        listener.RecordObservableInstruments();
        Assert.Equal(1, measured["millrace.eventlog.append.records"]);
        Assert.Equal(6, measured["millrace.eventlog.append.bytes"]);
        Assert.True(measured["millrace.eventlog.append.duration"] > 0);
        Assert.Equal(1, measured["millrace.eventlog.lag.records"]);
        Assert.Equal(["value"], await consumer.ReadAsync(1));
        listener.RecordObservableInstruments();
        Assert.Equal(0, measured["millrace.eventlog.lag.records"]);
        Assert.Equal(1, measured["millrace.eventlog.read.records"]);
    }

    [Fact]
    public void Options_defaults_are_valid_and_give_each_topic_its_partitions()
    {
        using var provider = Build(("Kafka:BootstrapServers", "localhost:9092"));
        var options = provider.GetRequiredService<IOptions<KafkaOptions>>().Value;
        Assert.Equal([12, 12, 12, 4, 1, 1, 1, 1], ((string[])[Topics.Events, Topics.Windows, Topics.Inbound, Topics.Publications, Topics.Late, Topics.DeadLetter, Topics.Alerts, Topics.Presence])
            .Select(topic => options.For(topic).Partitions));
        Assert.Equal([Topics.Alerts], ((string[])[Topics.Events, Topics.Windows, Topics.Alerts]).Where(topic => options.For(topic).Compacted));
    }

    [Fact]
    public void Options_that_are_wrong_are_all_named_and_secrets_are_not()
    {
        using var provider = Build(
            ("Kafka:AppendTimeout", "00:00:00"), ("Kafka:Prefix", "a b"), ("Kafka:Client:sasl.pasword", "geheim"), ("Kafka:Client:security_protocol", "geheim"),
            ("Kafka:Client:acks", "0"), ("Kafka:Client:sasl.username", "fine"), ("Kafka:Topics:millrace.events:Partitions", "0"));
        var failure = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<KafkaOptions>>().Value);
        Assert.Equal(
            [
                "AppendTimeout: The field KafkaOptions.AppendTimeout must be between 00:00:01 and 00:05:00.",
                "BootstrapServers: The KafkaOptions.BootstrapServers field is required.",
                "Kafka:Client:acks can't be set: Millrace's own promises rest on it.",
                "Kafka:Client:sasl.pasword is not a property of librdkafka 2.15.1.",
                "Kafka:Client:security_protocol has a value that librdkafka does not take.",
                "Prefix: The field KafkaOptions.Prefix must match the regular expression '[a-zA-Z0-9._-]{0,80}'.",
                "Topics:millrace.events:Partitions must be between 1 and 10000.",
            ],
            failure.Failures.SelectMany(f => f.Split("; ")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Options_with_an_unknown_key_are_refused()
    {
        using var provider = Build(("Kafka:BootstrapServers", "localhost:9092"), ("Kafka:Servers", "x"));
        var failure = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<KafkaOptions>>().Value);
        Assert.Contains("Millrace:Kafka:Servers is not a setting", Assert.Single(failure.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inbound_is_the_same_cluster_without_the_prefix_or_one_of_its_own_or_none()
    {
        var prefix = KafkaFixture.NewPrefix();
        var servers = await kafka.GetServersAsync();
        await using var same = Build(("Kafka:BootstrapServers", servers), ("Kafka:Prefix", prefix));
        var own = same.GetRequiredService<IEventLog>();
        await own.AppendAsync("one");
        var inbound = same.GetRequiredKeyedService<IEventLog>(EventLogNames.Inbound);
        Assert.NotSame(own, inbound);
        await using var consumer = await inbound.OpenConsumerAsync(prefix + Topic, new LogConsumerOptions(), Cancelled);
        Assert.Equal(["one"], await consumer.ReadAsync(1));

        await using var other = new ServiceCollection().AddLogging().AddKafkaInbound(Settings(("Inbound:Kafka:BootstrapServers", servers))).BuildServiceProvider();
        await using var alone = await other.GetRequiredKeyedService<IEventLog>(EventLogNames.Inbound).OpenConsumerAsync(prefix + Topic, new LogConsumerOptions(), Cancelled);
        Assert.Equal(["one"], await alone.ReadAsync(1));

        using var none = new ServiceCollection().AddLogging().AddKafkaInbound(Settings()).BuildServiceProvider();
        Assert.Null(none.GetKeyedService<IEventLog>(EventLogNames.Inbound));
    }

    private static IConfiguration Settings(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => "Millrace:" + s.Key, s => (string?)s.Value)).Build();

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = Settings(settings);
        return new ServiceCollection().AddLogging().AddKafkaAdapter(configuration).AddKafkaInbound(configuration).BuildServiceProvider();
    }
}

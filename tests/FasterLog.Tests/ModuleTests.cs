using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Adapters.FasterLog;
using Millrace.Contracts;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.FasterLog.Tests;

/// <summary>Registration, options, health and metrics.</summary>
public sealed class ModuleTests : IDisposable
{
    private readonly LogFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Adapter_registered_takes_appends_reports_health_and_measures()
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
        listener.SetMeasurementEventCallback<int>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();
        await using var provider = Build();
        foreach (var service in provider.GetServices<IHostedService>()) await service.StartAsync(default);
        var log = provider.GetRequiredService<IEventLog>();
        await using var consumer = await log.OpenConsumerAsync("module.test", new LogConsumerOptions { Group = "g" }, default);
        await log.AppendAsync("module.test", new[] { LogExtensions.Record("k", "value") }, Memory<LogPosition>.Empty, default);
        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(HealthStatus.Healthy, report.Entries["event-log"].Status);
        listener.RecordObservableInstruments();
        Assert.Equal(1, measured["millrace.eventlog.append.records"]);
        Assert.Equal(6, measured["millrace.eventlog.append.bytes"]);
        Assert.Equal(1, measured["millrace.eventlog.commit.records"]);
        Assert.Equal(1, measured["millrace.eventlog.lag.records"]);
        Assert.True(measured["millrace.eventlog.commit.duration"] > 0);
        Assert.True(measured["millrace.eventlog.size"] > 0);
    }

    [Fact]
    public void Options_defaults_are_valid_and_give_each_topic_its_partitions()
    {
        using var provider = Build();
        var options = provider.GetRequiredService<IOptions<EventLogOptions>>().Value;
        Assert.Equal([4, 4, 4, 4, 1, 1, 1, 1], ((string[])[Topics.Events, Topics.Windows, Topics.Publications, Topics.Inbound, Topics.Late, Topics.DeadLetter, Topics.Alerts, Topics.Presence])
            .Select(t => options.For(t).Partitions));
        Assert.Equal((8L << 30, TimeSpan.FromHours(24)), (options.For(Topics.Events).MaxBytes, options.For(Topics.Events).MaxAge));
    }

    [Fact]
    public void Options_of_a_topic_win_over_the_defaults()
    {
        using var provider = Build(("Topics:millrace.events:Partitions", "2"), ("Topics:millrace.events:MaxAge", "01:00:00"), ("Partitions", "3"), ("MaxAge", "2.00:00:00"));
        var options = provider.GetRequiredService<IOptions<EventLogOptions>>().Value;
        Assert.Equal(new TopicSettings(2, 8L << 30, TimeSpan.FromHours(1)), options.For(Topics.Events));
        Assert.Equal(new TopicSettings(3, 1L << 30, TimeSpan.FromDays(2)), options.For("another"));
    }

    [Fact]
    public void Options_that_are_wrong_are_all_named()
    {
        using var provider = Build(
            ("Partitions", "0"), ("PageBytes", "100000"), ("SegmentBytes", "131072"), ("MaxAge", "00:00:00"),
            ("Topics:millrace.events:Partitions", "1000"), ("Topics:millrace.late:MaxBytes", "1"));
        var failure = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<EventLogOptions>>().Value);
        Assert.Equal(
            [
                "MaxAge: The field EventLogOptions.MaxAge must be between 00:00:01 and 36500.00:00:00.",
                "PageBytes must be a power of two.",
                "Partitions: The field EventLogOptions.Partitions must be between 1 and 128.",
                "SegmentBytes must be at least two pages.",
                "Topics:millrace.events:Partitions must be between 1 and 128.",
                "Topics:millrace.late:MaxBytes must be at least 1048576.",
            ],
            failure.Failures.SelectMany(f => f.Split("; ")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Options_with_an_unknown_key_are_refused()
    {
        using var provider = Build(("Topics:millrace.events:Partition", "2"));
        var failure = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<EventLogOptions>>().Value);
        Assert.Contains("did you mean 'Partitions'?", Assert.Single(failure.Failures), StringComparison.Ordinal);
    }

    private ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Append(("Directory", _fixture.Directory.File("log"))).ToDictionary(s => "Millrace:EventLog:" + s.Item1, s => (string?)s.Item2))
            .Build();
        return new ServiceCollection().AddLogging().AddFasterLogAdapter(configuration).BuildServiceProvider();
    }
}

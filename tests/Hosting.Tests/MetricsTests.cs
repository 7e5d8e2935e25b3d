using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Metrics;
using Millrace.Hosting.Telemetry;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed partial class MetricsTests : IDisposable
{
    private readonly Meter _meter = new("Millrace.Tests." + Guid.NewGuid().ToString("n"));
    private readonly MetricsCollector _collector;

    public MetricsTests()
    {
        var options = new TelemetryOptions { MaxSeriesPerInstrument = 10 };
        _collector = new MetricsCollector(Options.Create(options));
    }

    public void Dispose()
    {
        _collector.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Counter_sums_by_labels_whatever_their_order_and_number_type()
    {
        var counter = _meter.CreateCounter<long>("millrace.t1.events", "{event}", "Events that\ncame in.");
        counter.Add(1, new("tenant", "a"), new("code", 202));
        counter.Add(2, new("code", 202), new("tenant", "a"));
        counter.Add(4, new("tenant", "b"), new("code", 202));
        counter.Add(8);

        var text = Parse(Collect());

        Assert.Equal("counter", text.Types["millrace_t1_events_total"]);
        Assert.Equal("Events that\\ncame in.", text.Help["millrace_t1_events_total"]);
        Assert.Equal(3, text["millrace_t1_events_total{code=\"202\",tenant=\"a\"}"]);
        Assert.Equal(4, text["millrace_t1_events_total{code=\"202\",tenant=\"b\"}"]);
        Assert.Equal(8, text["millrace_t1_events_total"]);
    }

    [Fact]
    public void Counter_of_many_threads_loses_nothing()
    {
        var counter = _meter.CreateCounter<double>("millrace.t2.work");
        var histogram = _meter.CreateHistogram<double>("millrace.t2.time", "s");

        Parallel.For(0, 8, worker =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                counter.Add(0.5, new KeyValuePair<string, object?>("worker", worker % 2));
                histogram.Record(0.001);
            }
        });

        var text = Parse(Collect());
        Assert.Equal(20_000, text["millrace_t2_work_total{worker=\"0\"}"]);
        Assert.Equal(20_000, text["millrace_t2_work_total{worker=\"1\"}"]);
        Assert.Equal(80_000, text["millrace_t2_time_seconds_count"]);
        Assert.Equal(80, text["millrace_t2_time_seconds_sum"], 6);
    }

    [Fact]
    public void Gauges_show_the_last_value_and_sums_go_down_again()
    {
        var gauge = _meter.CreateGauge<double>("millrace.t3.load", "1");
        var connections = _meter.CreateUpDownCounter<int>("millrace.t3.connections");
        gauge.Record(0.25);
        gauge.Record(0.75);
        connections.Add(5);
        connections.Add(-2);

        var text = Parse(Collect());

        Assert.Equal(("gauge", 0.75), (text.Types["millrace_t3_load_ratio"], text["millrace_t3_load_ratio"]));
        Assert.Equal(("gauge", 3), (text.Types["millrace_t3_connections"], text["millrace_t3_connections"]));
    }

    [Fact]
    public void Histogram_buckets_are_cumulative_and_end_with_the_count()
    {
        var histogram = _meter.CreateHistogram("millrace.t4.size", "By", null, null, new InstrumentAdvice<long> { HistogramBucketBoundaries = [10, 100] });
        foreach (var value in new[] { 1L, 10, 11, 100, 101, 5000 }) histogram.Record(value, new KeyValuePair<string, object?>("kind", "x"));

        var text = Parse(Collect());

        Assert.Equal("histogram", text.Types["millrace_t4_size_bytes"]);
        Assert.Equal(2, text["millrace_t4_size_bytes_bucket{kind=\"x\",le=\"10\"}"]);
        Assert.Equal(4, text["millrace_t4_size_bytes_bucket{kind=\"x\",le=\"100\"}"]);
        Assert.Equal(6, text["millrace_t4_size_bytes_bucket{kind=\"x\",le=\"+Inf\"}"]);
        Assert.Equal(6, text["millrace_t4_size_bytes_count{kind=\"x\"}"]);
        Assert.Equal(5223, text["millrace_t4_size_bytes_sum{kind=\"x\"}"]);
    }

    [Fact]
    public void Histogram_without_advice_gets_bounds_by_its_unit()
    {
        _meter.CreateHistogram<double>("millrace.t5.time", "s").Record(0.0007);
        _meter.CreateHistogram<int>("millrace.t5.size", "By").Record(5000);
        _meter.CreateHistogram<int>("millrace.t5.batch").Record(7);

        var text = Parse(Collect());

        Assert.Equal((0, 1), (text["millrace_t5_time_seconds_bucket{le=\"0.0005\"}"], text["millrace_t5_time_seconds_bucket{le=\"0.001\"}"]));
        Assert.Equal((0, 1), (text["millrace_t5_size_bytes_bucket{le=\"4096\"}"], text["millrace_t5_size_bytes_bucket{le=\"16384\"}"]));
        Assert.Equal((0, 1), (text["millrace_t5_batch_bucket{le=\"5\"}"], text["millrace_t5_batch_bucket{le=\"10\"}"]));
    }

    [Fact]
    public void Labels_are_escaped_and_read_back_as_they_were()
    {
        var nasty = "a\"b\\c\nd}é,=";
        _meter.CreateCounter<int>("millrace.t6.odd").Add(1, new("some.label-name", nasty), new("flag", true), new("none", null), new("ratio", 0.5));

        var text = Parse(Collect());

        Assert.Equal(1, text["millrace_t6_odd_total{flag=\"true\",none=\"\",ratio=\"0.5\",some_label_name=\"a\\\"b\\\\c\\nd}é,=\"}"]);
    }

    [Fact]
    public void Series_over_the_limit_fold_into_one_and_are_counted()
    {
        var counter = _meter.CreateCounter<int>("millrace.t7.many");
        for (var i = 0; i < 25; i++) counter.Add(1, new KeyValuePair<string, object?>("id", i));
        counter.Add(1, new KeyValuePair<string, object?>("id", 3));

        var text = Parse(Collect());

        Assert.Equal(2, text["millrace_t7_many_total{id=\"3\"}"]);
        Assert.Equal(15, text["millrace_t7_many_total{otel_metric_overflow=\"true\"}"]);
        Assert.Equal(11, text.Samples.Count(sample => sample.Key.StartsWith("millrace_t7_many_total", StringComparison.Ordinal)));
        Assert.Equal(15, text["millrace_metrics_overflow_total{instrument=\"millrace_t7_many_total\"}"]);
    }

    [Fact]
    public void Observables_are_asked_at_each_collection_and_forgotten_when_they_say_no_more()
    {
        var lags = new Dictionary<int, double> { [0] = 1.5, [1] = 2.5 };
        _meter.CreateObservableGauge("millrace.t8.lag", () => lags.Select(lag => new Measurement<double>(lag.Value, new KeyValuePair<string, object?>("partition", lag.Key))), "s");
        _meter.CreateObservableCounter("millrace.t8.bytes", () => 42L, "By");

        var first = Parse(Collect());
        lags.Remove(0);
        lags[1] = 3.5;
        for (var i = 2; i < 12; i++) lags[i] = i;
        var second = Parse(Collect());
        lags.Clear();
        lags[100] = 9;
        Collect();
        var third = Parse(Collect());

        Assert.Equal((1.5, 2.5), (first["millrace_t8_lag_seconds{partition=\"0\"}"], first["millrace_t8_lag_seconds{partition=\"1\"}"]));
        Assert.Equal(("counter", 42), (first.Types["millrace_t8_bytes_total"], first["millrace_t8_bytes_total"]));
        Assert.Equal(3.5, second["millrace_t8_lag_seconds{partition=\"1\"}"]);
        Assert.DoesNotContain("millrace_t8_lag_seconds{partition=\"0\"}", second.Samples.Keys);
        Assert.Equal(9, third["millrace_t8_lag_seconds{partition=\"100\"}"]);
    }

    [Fact]
    public void Instruments_of_other_meters_are_not_listened_to()
    {
        using var other = new Meter("Somebody.Else");
        other.CreateCounter<int>("somebody.else.counter").Add(1);

        Assert.DoesNotContain("somebody", Collect(), StringComparison.Ordinal);
    }

    [Fact]
    public void Recording_known_series_allocates_nothing()
    {
        var counter = _meter.CreateCounter<long>("millrace.t9.hot");
        var histogram = _meter.CreateHistogram<double>("millrace.t9.time", "s");
        object tenant = "acme";
        for (var i = 0; i < 100; i++) Record();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++) Record();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Record()
        {
            counter.Add(1, new KeyValuePair<string, object?>("tenant", tenant));
            histogram.Record(0.01, new KeyValuePair<string, object?>("tenant", tenant));
        }
    }

    [Theory]
    [InlineData("millrace.ingest.events", "{event}", 0, "millrace_ingest_events_total")]
    [InlineData("http.server.request.duration", "s", 3, "http_server_request_duration_seconds")]
    [InlineData("millrace.queue.bytes", "By", 1, "millrace_queue_bytes")]
    [InlineData("millrace.cpu.total", "1", 0, "millrace_cpu_total")]
    [InlineData("millrace.used", "1", 2, "millrace_used_ratio")]
    [InlineData("1st--odd..name", "m/s", 2, "_1st_odd_name_m_per_s")]
    public void Name_follows_the_compatibility_rules(string instrument, string unit, int kind, string expected) =>
        Assert.Equal(expected, PrometheusName.For(instrument, unit, (MetricKind)kind));

    [Fact]
    public async Task Endpoint_answers_in_the_text_format_without_a_credential()
    {
        await using var host = await TestHost.StartAsync();
        await host.GetAsync("/read", TestHost.Key);

        using var response = await host.Client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        var text = Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.True(text["millrace_auth_checks_total{kind=\"key\",outcome=\"accepted\"}"] >= 1);
        Assert.Contains(text.Samples.Keys, key => key.StartsWith("millrace_build_info{version=\"0.1.0", StringComparison.Ordinal));
        Assert.Contains(text.Samples.Keys, key => key.StartsWith("dotnet_gc_collections_total", StringComparison.Ordinal));
        Assert.Contains(text.Samples.Keys, key => key.StartsWith("kestrel_active_connections", StringComparison.Ordinal));
    }

    private string Collect() => PrometheusWriter.Write(_collector, "test");

    // A strict reader of the format: whatever it does not understand fails the test.
    private static Exposition Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var result = new Exposition([], [], []);
        foreach (var line in text.Split('\n')[..^1])
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                var parts = line.Split(' ', 4);
                Assert.True(result.Help.TryAdd(parts[2], parts[3]), "HELP twice: " + line);
                continue;
            }

            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var parts = line.Split(' ');
                Assert.True(result.Types.TryAdd(parts[2], parts[3]), "TYPE twice: " + line);
                continue;
            }

            var match = Sample().Match(line);
            Assert.True(match.Success, "not a sample: " + line);
            var value = match.Groups["value"].Value;
            var number = value switch
            {
                "+Inf" => double.PositiveInfinity,
                "-Inf" => double.NegativeInfinity,
                _ => double.Parse(value, CultureInfo.InvariantCulture),
            };
            Assert.True(result.Samples.TryAdd(match.Groups["series"].Value, number), "series twice: " + line);
            var family = match.Groups["name"].Value;
            Assert.True(
                result.Types.ContainsKey(family) || result.Types.ContainsKey(HistogramSuffix().Replace(family, "")), "no TYPE before: " + line);
        }

        return result;
    }

    [GeneratedRegex("""^(?<series>(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\["\\n])*")*\})?) (?<value>[-+.0-9eEINnaf]+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramSuffix();

    private sealed record Exposition(Dictionary<string, double> Samples, Dictionary<string, string> Types, Dictionary<string, string> Help)
    {
        public double this[string series] => Samples.TryGetValue(series, out var value)
            ? value
            : throw new KeyNotFoundException($"{series} is not among:\n{string.Join('\n', Samples.Keys)}");
    }
}

using System.Diagnostics.Metrics;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Storage;
using Millrace.Alerting.Tests.Support;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Alerting.Tests.Evaluation;

public sealed class EvaluatorTests : IDisposable
{
    private const long Start = 1_000_000;
    private const string Above = """{"value":"count","op":">","threshold":5}""";
    private readonly ServiceProvider _provider = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly AlertingMetrics _metrics;
    private readonly AlertingOptions _options = new() { MaxSeriesPerRule = 3 };
    private readonly Dictionary<string, long> _counted = [];
    private readonly MeterListener _listener = new();
    private long _offset;

    public EvaluatorTests()
    {
        var factory = _provider.GetRequiredService<IMeterFactory>();
        _metrics = new AlertingMetrics(factory);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _counted[instrument.Name] = _counted.GetValueOrDefault(instrument.Name) + value);
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _metrics.Dispose();
        _provider.Dispose();
    }

    [Fact]
    public void Process_record_is_malformed_is_counted_and_passed_over()
    {
        var evaluator = Evaluator(Parse.Threshold(Above));

        evaluator.Process(0, new LogEntry(_offset++, Start, PartitionKey.Create("acme", "shop"), new byte[] { 0xFF, 0xFF, 0xFF }, null));
        Give(evaluator, Installation.Window(Start, 9));

        Assert.Equal(1, _counted["millrace.alerting.windows.malformed"]);
        Assert.Single(evaluator.Transitions);
        Assert.Equal(_offset, evaluator.Partitions.Single().NextOffset);
    }

    [Fact]
    public void Process_another_tenant_stream_type_or_size_is_not_the_rules_business()
    {
        var evaluator = Evaluator(Parse.Threshold(Above, "\"type\":\"purchase\",\"key\":\"k\""));
        Window[] others =
        [
            new(Installation.Window(Start, 9, key: "k")) { Tenant = "acne" }, new(Installation.Window(Start, 9, key: "k")) { Stream = "shops" },
            Installation.Window(Start, 9, "view", "k"), Installation.Window(Start, 9, key: ""), Installation.Window(Start, 9, key: "k", sizeMs: 5000),
            new(Installation.Window(Start, 9, key: "k")) { Final = false },
        ];

        foreach (var window in others) Give(evaluator, window);
        Assert.Empty(evaluator.Transitions);
        Give(evaluator, Installation.Window(Start, 9, key: "k"));

        Assert.Single(evaluator.Transitions);
    }

    [Fact]
    public void Process_more_series_than_a_rule_may_follow_are_counted()
    {
        var evaluator = Evaluator(Parse.Threshold(Above));

        for (var i = 0; i < 5; i++) Give(evaluator, Installation.Window(Start, 9, key: $"k{i}"));

        Assert.Equal(3, evaluator.Transitions.Count);
        Assert.Equal(2, _counted["millrace.alerting.series.refused"]);
    }

    [Fact]
    public void Process_series_come_one_after_the_other_none_is_taken_for_absent()
    {
        var evaluator = Evaluator(Parse.Threshold(Above, "\"for\":\"3s\""));

        // All windows of one series, then all of the other, in one moment: as after an idle time.
        foreach (var key in new[] { "a", "b" })
        {
            for (var i = 0; i < 4; i++) Give(evaluator, Installation.Window(Start + (i * 1000), 9, key: key), Start + 10_000);
        }

        Assert.Equal(2, evaluator.Transitions.Count(transition => transition.To == AlertState.Firing));
        Assert.Equal(4, evaluator.Transitions.Count);
    }

    [Fact]
    public void TakeSeriesChanges_only_what_must_survive_is_written()
    {
        var evaluator = Evaluator(Parse.Threshold(Above));

        Give(evaluator, Installation.Window(Start, 1, key: "calm"));
        Assert.True(evaluator.TakeSeriesChanges().IsEmpty);

        Give(evaluator, Installation.Window(Start, 9, key: "bad"));
        var (_, saved) = Assert.Single(evaluator.TakeSeriesChanges().Saves);
        Assert.Equal("bad", saved.Id.Key);
        saved.Saved();
        Assert.True(evaluator.TakeSeriesChanges().IsEmpty);

        // Its windows may come again, so that it is kept in mind that they were judged; not how far it is since.
        Give(evaluator, Installation.Window(Start + 1000, 1, key: "bad"));
        Assert.Equal(saved, Assert.Single(evaluator.TakeSeriesChanges().Saves).Series);
        saved.Saved();
        Give(evaluator, Installation.Window(Start + 2000, 1, key: "bad"));
        Assert.True(evaluator.TakeSeriesChanges().IsEmpty);

        Give(evaluator, Installation.Window(Start + 2000 + WatchedSeries.RememberedMs, 1, key: "bad"));
        Assert.Equal(saved, Assert.Single(evaluator.TakeSeriesChanges().Deletes));
    }

    [Fact]
    public void Expire_series_without_events_and_alert_are_forgotten()
    {
        var evaluator = Evaluator(Parse.Threshold(Above));
        Give(evaluator, Installation.Window(Start, 1, key: "calm"));
        Give(evaluator, Installation.Window(Start, 9, key: "bad"));
        Give(evaluator, Installation.Window(Start, 1, key: "calm too"));

        evaluator.Expire(Start + 1000 + (long)_options.SeriesRetention.TotalMilliseconds + 1);

        // Two places are free again.
        for (var i = 0; i < 3; i++) Give(evaluator, Installation.Window(Start + 5000, 9, key: $"k{i}"), Start + 5000);
        Assert.Equal(1, _counted["millrace.alerting.series.refused"]);
    }

    [Fact]
    public void SetRules_rule_is_replaced_by_one_of_the_same_name_but_made_anew_closes_the_alert()
    {
        var rule = Parse.Threshold(Above) with { CreatedAtMs = 1 };
        var evaluator = Evaluator(rule);
        Give(evaluator, Installation.Window(Start, 9));

        evaluator.SetRules([rule with { CreatedAtMs = 2 }]);

        Assert.Equal([(AlertState.Firing, Reasons.Threshold), (AlertState.Resolved, Reasons.RuleChanged)], evaluator.Transitions.Select(t => (t.To, t.Reason)));
    }

    [Fact]
    public void Revoke_partition_is_another_instances_now_its_alerts_are_not_ours()
    {
        var evaluator = Evaluator(Parse.Threshold(Above));
        Give(evaluator, Installation.Window(Start, 9));
        evaluator.Transitions.Clear();

        evaluator.Revoke(0);

        Assert.Empty(evaluator.Transitions);
        Assert.True(evaluator.TakeSeriesChanges().IsEmpty);
        Assert.False(evaluator.Has(0));
    }

    private Evaluator Evaluator(Rule rule)
    {
        var evaluator = new Evaluator(_options, _metrics, _ => 0);
        evaluator.SetRules([rule]);
        evaluator.Assign(new SavedPartition(0, 0, 1, []), 0);
        return evaluator;
    }

    private void Give(Evaluator evaluator, Window window, long? logMs = null) => evaluator.Process(
        0, new LogEntry(_offset++, logMs ?? Start + 1500, PartitionKey.Create(window.Tenant, window.Stream), window.ToByteArray(), null));
}

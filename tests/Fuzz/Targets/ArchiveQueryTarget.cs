using Millrace.Archiver.Api;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Targets;

/// <summary>Query strings of <c>/api/v1/metrics</c> and <c>/api/v1/events</c>.</summary>
internal sealed class ArchiveQueryTarget : Target
{
    private const long LatestMs = 253_402_300_800_000; // The year 10000.

    private MetricsRequest? _metrics;
    private EventsRequest? _events;
    private (string Field, string Message)? _metricsError;
    private (string Field, string Message)? _eventsError;

    public override string Name => "archive-query";

    public override long AllocationBase => 128 * 1024;

    public override byte[] Make(Source source) => Queries.Make(
        source,
        ("stream", Queries.Stream),
        ("type", s => s.Word(s.Length(128))),
        ("value", s => s.Word(s.Length(64, 128))),
        ("agg", s => s.Of(["second", "minute", "hour", "day", "week", "Minute"])),
        ("late", s => s.Of(["true", "false", "1"])),
        ("from", Queries.Time),
        ("to", Queries.Time),
        ("limit", Queries.Limit),
        ("cursor", s => s.Once(2) ? Queries.Cursor(s, '\0', 4) : Queries.Time(s)));

    public override bool Parse(byte[] input)
    {
        var query = Queries.Request(input).Request.Query;
        var arguments = new Arguments(query);
        _metrics = MetricsRequest.Read(arguments, EventMaker.Now);
        _metricsError = arguments.Error;
        arguments = new Arguments(query);
        _events = EventsRequest.Read(arguments, EventMaker.Now);
        _eventsError = arguments.Error;
        return _metricsError is null || _eventsError is null;
    }

    public override void Check(byte[] input, bool accepted)
    {
        foreach (var error in new[] { _metricsError, _eventsError })
            Require.That(error is null || (error.Value.Field.Length is > 0 and < 20 && error.Value.Message.Length is > 0 and < 300), "an error says nothing, or too much");
        if (_metricsError is null)
        {
            Require.That(_metrics!.Stream.Length is > 0 and <= 64 && _metrics.Limit is >= 1 and <= MetricsRequest.MostPoints, "no stream, or no bounded answer");
            Require.That(Math.Abs(_metrics.StartMs) < LatestMs && Math.Abs(_metrics.ToMs) < LatestMs, "a time beyond all calendars");
        }

        if (_eventsError is not null) return;
        Require.That(_events!.Stream.Length is > 0 and <= 64 && _events.Limit is >= 1 and <= EventsRequest.MostEvents, "no stream, or no bounded answer");
        Require.That(_events.FromMs < _events.ToMs && Math.Abs(_events.FromMs) < LatestMs && Math.Abs(_events.ToMs) < LatestMs, "a range that is none");
        if (_events.After is { } after) Require.That(after.TimeMs >= 0 && after.TimeMs + 1 > 0, "a cursor before all time");
    }
}

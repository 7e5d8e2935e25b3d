using Millrace.Ingest.Overload;
using Xunit;

namespace Millrace.Ingest.Tests.Overload;

public sealed class BacklogPaceTests
{
    private const int Drain = 1_000;
    private const int BytesPerEvent = 200;
    private readonly BacklogPace _pace = new(TimeSpan.FromSeconds(60));
    private double _appended;
    private double _aggregated;
    private double _bytes;
    private double _now;

    [Fact]
    public void Aggregator_that_is_outpaced_ends_between_half_and_the_whole_of_the_backlog()
    {
        var seconds = Enumerable.Range(0, 600).Select(_ => Step(demand: 3_000, drain: Drain)).ToList();

        // Until there is a minute's backlog, all is taken in.
        Assert.All(seconds.Take(25), one => Assert.Null(one.Pace));
        Assert.All(seconds.Skip(300), one => Assert.InRange(one.Behind, 28, 66));
        Assert.True(seconds.Skip(300).Average(one => one.Taken) is > Drain * 0.95 and < Drain * 1.05);

        var calm = Enumerable.Range(0, 200).Select(_ => Step(demand: 100, drain: Drain)).ToList();
        Assert.Null(calm[^1].Pace);
        Assert.Equal(0, calm[^1].Behind, 1.0);
    }

    [Fact]
    public void Aggregator_that_stands_still_holds_nobody_back()
    {
        for (var i = 0; i < 20; i++) Step(1_000, Drain);
        var down = Enumerable.Range(0, 1_000).Select(_ => Step(1_000, 0)).ToList();

        Assert.All(down.Skip(10), one => Assert.Null(one.Pace));
        Assert.Null(_pace.Seconds);
    }

    [Fact]
    public void Aggregator_that_keeps_up_is_never_paced()
    {
        for (var i = 0; i < 200; i++) Assert.Null(Step(900, Drain).Pace);
    }

    private (double? Pace, double Behind, double Taken) Step(double demand, double drain)
    {
        var pace = _pace.Observe((long)_appended, (long)_aggregated, (long)_bytes, _now);
        var taken = pace is { } limit ? Math.Min(demand, limit / BytesPerEvent) : demand;
        _appended += taken;
        _bytes += taken * BytesPerEvent;
        _aggregated = Math.Min(_appended, _aggregated + drain);
        _now++;
        return (pace, (_appended - _aggregated) / Drain, taken);
    }
}

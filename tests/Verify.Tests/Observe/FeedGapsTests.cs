using Millrace.Verify.Load;
using Millrace.Verify.Observe;

namespace Millrace.Verify.Tests.Observe;

public sealed class FeedGapsTests
{
    // Ten events, a second apart, each answered 20 ms after it was sent.
    private readonly Dictionary<string, JournalEntry> _sent =
        Enumerable.Range(0, 10).Select(i => Sent.Event($"e{i}", i, Sent.Start + (1000 * i))).ToDictionary(entry => entry.Id, StringComparer.Ordinal);

    private readonly FeedGaps _gaps = new();

    [Fact]
    public void Feed_that_was_shown_in_full_excuses_nothing()
    {
        _gaps.Shown("e3");
        Assert.Equal("", Excused());
    }

    [Fact]
    public void Gap_excuses_what_came_between_the_events_around_it()
    {
        foreach (var id in new[] { "e0", "e1", "e2" }) _gaps.Shown(id);
        _gaps.Begin();
        _gaps.Begin();
        _gaps.Shown("e6");
        _gaps.Shown("e7");
        Assert.Equal("e2 e3 e4 e5 e6", Excused());
        Assert.Equal(1, _gaps.Count);
    }

    [Fact]
    public void Gap_at_the_beginning_or_the_end_has_no_bound_there()
    {
        _gaps.Begin();
        _gaps.Shown("e1");
        _gaps.Shown("e8");
        _gaps.Begin();
        Assert.Equal("e0 e1 e8 e9", Excused());
    }

    [Fact]
    public void Event_around_a_gap_that_was_repeated_bounds_it_by_its_repetition()
    {
        _gaps.Shown("e2");
        _gaps.Begin();
        _sent["e4"].LastAnsweredMs = _sent["e6"].AnsweredMs;
        _gaps.Shown("e4");
        Assert.Equal("e2 e3 e4 e5 e6", Excused());
    }

    private string Excused() => string.Join(' ', _sent.Values.Where(entry => _gaps.MayHold(entry, _sent)).Select(entry => entry.Id));
}

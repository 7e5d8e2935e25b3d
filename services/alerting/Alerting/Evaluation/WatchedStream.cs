using Millrace.Alerting.Rules;

namespace Millrace.Alerting.Evaluation;

/// <summary>A stream that at least one rule watches.</summary>
/// <param name="partition">The partition of <c>millrace.windows</c> that the stream is in, whether or not a window of it has come.</param>
internal sealed class WatchedStream(int partition)
{
    private readonly Dictionary<(string RuleId, SeriesId Series), WatchedSeries> _series = [];
    private readonly Dictionary<string, int> _seriesOfRule = new(StringComparer.Ordinal);
    private readonly Dictionary<long, StreamClock> _clocks = [];

    /// <summary>The partition of <c>millrace.windows</c> that the stream is in.</summary>
    public int Partition { get; } = partition;

    /// <summary>The rules that are evaluated.</summary>
    public List<Rule> Rules { get; } = [];

    public IReadOnlyCollection<WatchedSeries> Series => _series.Values;

    /// <summary>The clock of a window size, or <see langword="null"/> when no rule looks at such windows.</summary>
    public StreamClock? Clock(long windowMs)
    {
        if (_clocks.TryGetValue(windowMs, out var clock)) return clock;
        return Rules.Exists(rule => rule.Condition.WindowMs == windowMs) ? _clocks[windowMs] = new StreamClock() : null;
    }

    public WatchedSeries? Find(string ruleId, SeriesId id) => _series.GetValueOrDefault((ruleId, id));

    public int CountOf(string ruleId) => _seriesOfRule.GetValueOrDefault(ruleId);

    public void Add(WatchedSeries series)
    {
        _series.Add((series.Rule.Id, series.Id), series);
        _seriesOfRule[series.Rule.Id] = CountOf(series.Rule.Id) + 1;
    }

    public void Remove(WatchedSeries series)
    {
        if (_series.Remove((series.Rule.Id, series.Id))) _seriesOfRule[series.Rule.Id]--;
    }

    /// <summary>What the windows of another time have shown counts no more.</summary>
    public void ForgetTime() => _clocks.Clear();

    /// <summary>Lets the clocks move to a log time and judges what is now known to be empty.</summary>
    public void MoveTo(long logMs, long forgivenToMs, List<AlertTransition> transitions)
    {
        foreach (var (windowMs, clock) in _clocks)
        {
            if (clock.MoveTo(logMs)) PassEmpty(windowMs, clock.CompleteThroughMs, forgivenToMs, transitions);
        }
    }

    /// <summary>Whether a silence up to an event time would change something.</summary>
    public bool AwaitsSilence(long throughMs, long logMs)
    {
        foreach (var series in _series.Values)
        {
            if (series.JudgedToMs < SilenceLimit(series, throughMs, logMs) && series.NeedsEmptyWindows) return true;
        }
        return false;
    }

    /// <summary>Nothing more comes for windows that end by an event time.</summary>
    public void Silence(long throughMs, long logMs, long forgivenToMs, List<AlertTransition> transitions)
    {
        foreach (var series in _series.Values) series.PassEmpty(SilenceLimit(series, throughMs, logMs), forgivenToMs, transitions);
    }

    /// <summary>The border of windows at or before a time.</summary>
    public static long Floor(long atMs, long windowMs) => atMs - (atMs % windowMs);

    private long SilenceLimit(WatchedSeries series, long throughMs, long logMs)
    {
        var windowMs = series.Rule.Condition.WindowMs;
        return Clock(windowMs) is { } clock ? clock.SilenceLimitMs(Floor(throughMs, windowMs), logMs) : Floor(throughMs, windowMs);
    }

    private void PassEmpty(long windowMs, long toMs, long forgivenToMs, List<AlertTransition> transitions)
    {
        foreach (var series in _series.Values)
        {
            if (series.Rule.Condition.WindowMs == windowMs) series.PassEmpty(toMs, forgivenToMs, transitions);
        }
    }
}

using Millrace.Alerting.Rules;
using Millrace.Alerting.Rules.Kinds;
using Millrace.Contracts.Protos;

namespace Millrace.Alerting.Evaluation;

/// <summary>One rule on one series: the state machine and how far event time has been judged.</summary>
internal sealed class WatchedSeries(Rule rule, SeriesId id, IReadOnlyList<KeyValuePair<string, string>> dims)
{
    /// <summary>
    /// How long the end of an episode is remembered, in event time. An aggregator that is killed writes again what it had written since its last checkpoint: a second
    /// or two of work, which is much more event time where it was catching up.
    /// </summary>
    internal const long RememberedMs = 24 * 60 * 60 * 1000L;

    private AlertMachine _machine = AlertMachine.New();
    private long? _calmSinceMs;
    private long _newestRevision;
    private long _savedToMs;
    private bool _changed;

    /// <summary>The rule as it is now.</summary>
    public Rule Rule { get; set; } = rule;

    public SeriesId Id { get; } = id;

    /// <summary>The dimensions of the key, for labels.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Dims { get; } = dims;

    public AlertMachine Machine => _machine;

    /// <summary>Windows up to this event time have been judged.</summary>
    public long JudgedToMs { get; private set; } = long.MinValue;

    /// <summary>Where the last window with events ended.</summary>
    public long LastEventEndMs { get; private set; } = long.MinValue;

    /// <summary>Whether the database knows the series.</summary>
    public bool IsSaved { get; private set; }

    private long SizeMs => Rule.Condition.WindowMs;

    /// <summary>Takes up a series at an event time.</summary>
    public void Begin(long atMs) => JudgedToMs = LastEventEndMs = atMs;

    /// <summary>Takes up a series as it was saved.</summary>
    public void Restore(AlertMachine machine, long judgedToMs, long lastEventEndMs)
    {
        _machine = machine;
        JudgedToMs = judgedToMs;
        LastEventEndMs = lastEventEndMs;
        if (machine.State == AlertState.Inactive) _calmSinceMs = judgedToMs;
        Saved();
    }

    /// <summary>The database now has it as it is.</summary>
    public void Saved()
    {
        IsSaved = true;
        _savedToMs = JudgedToMs;
        _changed = false;
    }

    /// <summary>The database has nothing of it any more.</summary>
    public void Deleted() => IsSaved = false;

    /// <summary>
    /// Whether empty windows could change something. A series for which they can't needs no place in the database: it is taken up again when it is
    /// next seen.
    /// </summary>
    public bool NeedsEmptyWindows
    {
        get
        {
            var verdict = Judge(WindowSample.Empty(JudgedToMs, JudgedToMs + SizeMs));
            return !verdict.Lasting || !_machine.IsSettledUnder(verdict.Outcome);
        }
    }

    /// <summary>
    /// What the database is to be told. The series must survive a restart: also for a while after an episode, whose windows may come again. Of a calm one the
    /// database needs to know no more than how far it was judged when it became calm.
    /// </summary>
    public SeriesSave Due
    {
        get
        {
            var unsettled = _machine.State != AlertState.Inactive || NeedsEmptyWindows;
            var remembered = JudgedToMs - _calmSinceMs < RememberedMs;
            if (!unsettled && !remembered) return IsSaved ? SeriesSave.Delete : SeriesSave.Nothing;
            return IsSaved && !_changed && (_savedToMs == JudgedToMs || !unsettled) ? SeriesSave.Nothing : SeriesSave.Save;
        }
    }

    /// <summary>
    /// Judges a final window. One that ends where judging stands and has a higher revision is a correction and is judged again; an older one is passed
    /// over: what it led to has been told.
    /// </summary>
    /// <returns>Whether the window counted.</returns>
    public bool Observe(in WindowSample window, long revision, List<AlertTransition> transitions)
    {
        if (window.EndMs < JudgedToMs || (window.EndMs == JudgedToMs && revision <= _newestRevision)) return false;
        Apply(Judge(window), window.StartMs, window.EndMs, transitions);
        if (window.Count > 0) LastEventEndMs = Math.Max(LastEventEndMs, window.EndMs);
        _newestRevision = revision;
        JudgedToMs = window.EndMs;
        return true;
    }

    /// <summary>Event time up to a window border has passed without windows; up to <paramref name="forgivenToMs"/> that counts for nothing.</summary>
    public void PassEmpty(long toMs, long forgivenToMs, List<AlertTransition> transitions)
    {
        var at = JudgedToMs;
        if (toMs <= at) return;
        var forgivenEnd = Math.Min(toMs, forgivenToMs);
        if (forgivenEnd > at)
        {
            var forgiven = WatchedStream.Floor(forgivenEnd - at, SizeMs);
            _machine.Skip(forgiven);
            LastEventEndMs += forgiven;
            at += forgiven;
        }
        while (at < toMs)
        {
            var end = at + SizeMs;
            var verdict = Judge(WindowSample.Empty(at, end));
            Apply(verdict, at, end, transitions);
            at = end;
            if (!verdict.Lasting || !_machine.IsSettledUnder(verdict.Outcome)) continue;
            if (verdict.Outcome == Outcome.Unknown) _machine.Skip(toMs - at);
            break;
        }
        JudgedToMs = toMs;
        _newestRevision = 0;
    }

    /// <summary>Ends what is open because the rule is gone.</summary>
    public void Close(string reason, List<AlertTransition> transitions)
    {
        var from = _machine.State;
        if (from == AlertState.Inactive) return;
        var to = from == AlertState.Pending ? AlertState.Inactive : AlertState.Resolved;
        transitions.Add(new AlertTransition(this, to, from, JudgedToMs, _machine.StartedMs, double.NaN, double.NaN, reason));
        _machine = AlertMachine.New();
    }

    private Verdict Judge(in WindowSample window) => Rule.Condition.Judge(new SeriesState(_machine.Alerting, LastEventEndMs), window);

    private void Apply(in Verdict verdict, long startMs, long endMs, List<AlertTransition> transitions)
    {
        if (verdict.Outcome == Outcome.Unknown)
        {
            _machine.Skip(endMs - Math.Max(startMs, JudgedToMs));
            return;
        }
        var from = _machine.State;
        var to = _machine.Step(verdict.Outcome, startMs, endMs, (long)Rule.For.TotalMilliseconds, (long)Rule.KeepFiringFor.TotalMilliseconds);
        if (to is not { } next) return;
        _changed = true;
        if (_machine.State == AlertState.Inactive) _calmSinceMs = endMs;
        transitions.Add(new AlertTransition(this, next, from, endMs, _machine.StartedMs, verdict.Value, verdict.Threshold, verdict.Reason));
    }
}

/// <summary>An alert changed its state.</summary>
/// <param name="Series">Whose alert.</param>
/// <param name="To">The new state; <see cref="AlertState.Resolved"/> ends the episode, <see cref="AlertState.Inactive"/> one that never fired.</param>
/// <param name="From">The old state.</param>
/// <param name="AtMs">Event time of the change: end of the window that led to it.</param>
/// <param name="StartedMs">Event time at which the episode began: it makes the alert's id.</param>
/// <param name="Value">What decided; NaN when nothing did.</param>
/// <param name="Threshold">What it was held against; NaN when nothing.</param>
/// <param name="Reason">One of <see cref="Reasons"/>.</param>
internal sealed record AlertTransition(
    WatchedSeries Series, AlertState To, AlertState From, long AtMs, long StartedMs, double Value, double Threshold, string Reason)
{
    /// <summary>The rule as it was then.</summary>
    public Rule Rule { get; } = Series.Rule;
}

/// <summary>What the database is to be told of a series.</summary>
internal enum SeriesSave
{
    /// <summary>It knows what it needs to know.</summary>
    Nothing = 0,

    /// <summary>How it stands.</summary>
    Save,

    /// <summary>That it need not be kept any more.</summary>
    Delete,
}

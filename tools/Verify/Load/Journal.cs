using System.Collections.Concurrent;

namespace Millrace.Verify.Load;

/// <summary>Remembers exactly what was acknowledged.</summary>
internal sealed class Journal
{
    private readonly ConcurrentDictionary<string, JournalEntry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Tally> _tallies = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _refusals = new();
    private long _acknowledged;

    /// <summary>Every event that is or may be in Millrace, by id.</summary>
    public IReadOnlyDictionary<string, JournalEntry> Entries => _entries;

    /// <summary>Different events that were acknowledged.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Good events that were refused, which is a difference of its own.</summary>
    public IReadOnlyCollection<string> Refusals => _refusals;

    /// <summary>What the ledger of a tenant must say.</summary>
    public Tally TallyOf(string tenant) => _tallies.GetOrAdd(tenant, _ => new Tally());

    /// <summary>Notes that a good event was accepted.</summary>
    /// <returns>False when an event of its id had been accepted before: this one is a repetition.</returns>
    public bool Acknowledge(JournalEntry sent)
    {
        sent.Fate = Fate.Acknowledged;
        while (true)
        {
            if (_entries.TryAdd(sent.Id, sent)) break;
            var known = _entries[sent.Id];
            if (known.Fate == Fate.Acknowledged)
            {
                known.LastAnsweredMs = sent.AnsweredMs;
                return false;
            }

            sent.SentMs = Math.Min(sent.SentMs, known.SentMs);
            if (_entries.TryUpdate(sent.Id, sent, known)) break;
        }

        Interlocked.Increment(ref _acknowledged);
        return true;
    }

    /// <summary>Notes an event that may have been taken.</summary>
    public void Doubt(JournalEntry sent)
    {
        sent.Fate = Fate.Maybe;
        _entries.TryAdd(sent.Id, sent);
    }

    /// <summary>Notes a good event that was refused for no reason that the checker knows.</summary>
    public void Refuse(string id, string answer) => _refusals.Enqueue($"{id}: {answer}");
}

/// <summary>Counts of one tenant. Attempts without an answer may have been taken or not: they make the upper bounds.</summary>
internal sealed class Tally
{
    private long _accepted;
    private long _duplicates;
    private long _rejected;
    private long _unknownGood;
    private long _unknownMalformed;

    /// <summary>Different events acknowledged.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Repetitions acknowledged.</summary>
    public long Duplicates => Interlocked.Read(ref _duplicates);

    /// <summary>Events refused.</summary>
    public long Rejected => Interlocked.Read(ref _rejected);

    /// <summary>Good events in attempts without an answer.</summary>
    public long UnknownGood => Interlocked.Read(ref _unknownGood);

    /// <summary>Malformed events in attempts without an answer.</summary>
    public long UnknownMalformed => Interlocked.Read(ref _unknownMalformed);

    public void CountAccepted() => Interlocked.Increment(ref _accepted);

    public void CountDuplicate() => Interlocked.Increment(ref _duplicates);

    public void CountRejected() => Interlocked.Increment(ref _rejected);

    public void CountUnknown(long good, long malformed)
    {
        Interlocked.Add(ref _unknownGood, good);
        Interlocked.Add(ref _unknownMalformed, malformed);
    }
}

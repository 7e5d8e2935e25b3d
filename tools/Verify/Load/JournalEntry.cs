namespace Millrace.Verify.Load;

/// <summary>What the checker knows of an event that it sent.</summary>
internal enum Fate
{
    /// <summary>Never a value.</summary>
    Unset = 0,

    /// <summary>Answered with 202: it must be everywhere, once.</summary>
    Acknowledged = 1,

    /// <summary>Never answered, or refused after an attempt that was not: it may be there, once, or not.</summary>
    Maybe = 2,
}

/// <summary>One event as its producer sent it.</summary>
internal sealed class JournalEntry
{
    private long _repeatedMs;

    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Name of its tenant.</summary>
    public required string Tenant { get; init; }

    /// <summary>Full name of its stream.</summary>
    public required string Stream { get; init; }

    /// <summary>Its type.</summary>
    public required string Type { get; init; }

    /// <summary>When it happened.</summary>
    public required long TimeMs { get; init; }

    /// <summary>The number that no other event has.</summary>
    public required long Number { get; init; }

    /// <summary>Its other value.</summary>
    public required long Amount { get; init; }

    /// <summary>Whether it was acknowledged.</summary>
    public Fate Fate { get; set; }

    /// <summary>Attempts to send it.</summary>
    public int Attempts { get; set; }

    /// <summary>When it was sent first, by the checker's clock.</summary>
    public long SentMs { get; set; }

    /// <summary>When it was acknowledged, by the checker's clock.</summary>
    public long AnsweredMs { get; set; }

    /// <summary>When the last of its repetitions was.</summary>
    public long LastAnsweredMs
    {
        get => Math.Max(AnsweredMs, Volatile.Read(ref _repeatedMs));
        set => Volatile.Write(ref _repeatedMs, value);
    }

    /// <summary>Whether it may be late: it was sent hours after it happened, or its way took longer than windows wait, or the clock has jumped.</summary>
    public bool MayBeLate { get; set; }

    /// <summary>Whether it must be late: it happened hours before it was sent.</summary>
    public bool MustBeLate { get; set; }

    /// <summary>Whether it was late, as the archive says; which is compared with what is known here.</summary>
    public bool WasLate { get; set; }

    /// <summary>What is the same wherever the event stands.</summary>
    public EventFacts Facts => new(Type, TimeMs, Number, Amount);
}

/// <summary>What an event says.</summary>
internal readonly record struct EventFacts(string Type, long TimeMs, long Number, long Amount);

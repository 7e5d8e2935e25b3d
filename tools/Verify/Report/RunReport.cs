using System.Text.Json.Serialization;
using Millrace.Verify.Check;

namespace Millrace.Verify.Report;

/// <summary>What came of the run of one seed.</summary>
internal sealed class RunReport
{
    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>What was examined.</summary>
    public required string Target { get; init; }

    /// <summary>How long load lasted.</summary>
    public double Seconds { get; set; }

    /// <summary>Different events acknowledged.</summary>
    public long Acknowledged { get; set; }

    /// <summary>Events never answered, and how many of them are there.</summary>
    public long Maybe { get; set; }

    /// <summary>Of those never answered, the ones that were found.</summary>
    public long MaybeLanded { get; set; }

    /// <summary>Repetitions acknowledged.</summary>
    public long Duplicates { get; set; }

    /// <summary>Events refused.</summary>
    public long Rejected { get; set; }

    /// <summary>Requests sent again.</summary>
    public long Retries { get; set; }

    /// <summary>Connections of the listeners, and recoveries that ended in a snapshot.</summary>
    public long Connections { get; set; }

    /// <summary>Recoveries that ended in a snapshot.</summary>
    public long Resets { get; set; }

    /// <summary>Feeds of single events that were sampled for a time, because the gateway was behind, and said so.</summary>
    public long Sampled { get; set; }

    /// <summary>What was done to the target.</summary>
    public List<FaultRecord> Faults { get; } = [];

    /// <summary>What was compared.</summary>
    public List<CheckRecord> Checks { get; } = [];

    /// <summary>What is not as it must be.</summary>
    public List<Difference> Differences { get; } = [];

    /// <summary>Faults that were tried and never did what they are for: what was asked for was not examined.</summary>
    public IReadOnlyList<string> NotReached => [.. Faults.GroupBy(fault => fault.Name).Where(group => group.All(fault => fault.Outcome == FaultOutcome.NotReached)).Select(group => group.Key)];

    /// <summary>Whether everything is as it must be.</summary>
    [JsonInclude]
    public bool Exact => Differences.Count == 0;
}

/// <summary>A fault that was injected.</summary>
/// <param name="Name">Its name.</param>
/// <param name="AtSeconds">When, from the start of the load.</param>
/// <param name="Seconds">How long until the target was back.</param>
/// <param name="Outcome">Whether it did what it is for.</param>
/// <param name="Note">Why it did not.</param>
internal sealed record FaultRecord(string Name, double AtSeconds, double Seconds, FaultOutcome Outcome, string? Note);

/// <summary>What came of a fault.</summary>
internal enum FaultOutcome
{
    /// <summary>Never a value.</summary>
    Unset = 0,

    /// <summary>It did what it is for.</summary>
    Injected = 1,

    /// <summary>It was tried, and what it waited for did not come.</summary>
    NotReached = 2,

    /// <summary>It can't be done here, for a reason that was told before anything was sent.</summary>
    LeftOut = 3,
}

/// <summary>A comparison.</summary>
/// <param name="Place">Where.</param>
/// <param name="Compared">Things compared.</param>
/// <param name="Differences">Of which different.</param>
internal sealed record CheckRecord(string Place, long Compared, int Differences);

namespace Millrace.Alerting.Storage;

/// <summary>What came of writing a rule or a receiver.</summary>
internal enum WriteStatus
{
    /// <summary>No answer: never returned.</summary>
    Unset = 0,

    /// <summary>Done.</summary>
    Written = 1,

    /// <summary>There is no such thing.</summary>
    Missing = 2,

    /// <summary>It is there already.</summary>
    Exists = 3,

    /// <summary>Somebody else has changed it meanwhile.</summary>
    WrongRevision = 4,

    /// <summary>The tenant has as many as it may have.</summary>
    TooMany = 5,

    /// <summary>It names things that are not there, or is named by things that are.</summary>
    BadReference = 6,
}

/// <summary>The same with what was written, or with what stood in the way.</summary>
internal sealed record WriteOutcome<T>(WriteStatus Status, T? Value = null, IReadOnlyList<string>? References = null)
    where T : class;

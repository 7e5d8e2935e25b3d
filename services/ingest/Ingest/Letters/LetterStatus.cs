namespace Millrace.Ingest.Letters;

/// <summary>Where a refused event stands.</summary>
internal enum LetterStatus
{
    /// <summary>Refused, and waiting for somebody to do something about it.</summary>
    Dead = 0,

    /// <summary>A redrive has it in hand.</summary>
    Redriving = 1,

    /// <summary>It was accepted by a redrive and stands on <c>millrace.events</c>.</summary>
    Redriven = 2,
}

/// <summary>Names of them in the API.</summary>
internal static class LetterStatuses
{
    /// <summary>All names.</summary>
    public const string Names = "dead, redriving, redriven";

    /// <summary>The name of a status.</summary>
    public static string Of(long status) => (LetterStatus)status switch
    {
        LetterStatus.Dead => "dead",
        LetterStatus.Redriving => "redriving",
        _ => "redriven",
    };

    /// <summary>The status of a name.</summary>
    public static LetterStatus? Parse(string name) => name switch
    {
        "dead" => LetterStatus.Dead,
        "redriving" => LetterStatus.Redriving,
        "redriven" => LetterStatus.Redriven,
        _ => null,
    };
}

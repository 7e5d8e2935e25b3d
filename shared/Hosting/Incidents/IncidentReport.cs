namespace Millrace.Hosting.Incidents;

/// <summary>What a service says of something that is wrong.</summary>
/// <param name="Service">Which service says it, such as <c>aggregator</c>.</param>
/// <param name="Kind">What it is: one of <see cref="IncidentKinds"/>.</param>
/// <param name="Subject">What it concerns, such as a topic or a stream; empty for the service as a whole. With service and kind it names the incident.</param>
/// <param name="Step">Name of the step that was entered, such as <c>slower_live</c>.</param>
/// <param name="Cause">Why, for people.</param>
public sealed record IncidentReport(string Service, string Kind, string Subject, string Step, string Cause)
{
    /// <summary>Who may see it: <see cref="Everyone"/>, a tenant's name, or empty (the default) for operators only. Operators see all.</summary>
    public string Audience { get; init; } = "";

    /// <summary>How bad it is, in <see cref="PeakUnit"/>; the greatest of all reports is kept. Unset where there is no number.</summary>
    public double? Peak { get; init; }

    /// <summary>Unit of <see cref="Peak"/>, such as <c>s</c> or <c>requests</c>; empty where there is none.</summary>
    public string PeakUnit { get; init; } = "";

    /// <summary>The audience that is every tenant. No tenant has this name.</summary>
    public const string Everyone = "*";
}

/// <summary>An incident as it is kept.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Report">The last that was said of it, with the greatest peak.</param>
/// <param name="Instance">The process that reported it.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="SeenAt">When it was last known to go on, or when it ended.</param>
/// <param name="EndedAt">When it ended; <see langword="null"/> while it goes on.</param>
public sealed record Incident(
    string Id, IncidentReport Report, string Instance, DateTimeOffset StartedAt, DateTimeOffset SeenAt, DateTimeOffset? EndedAt)
{
    /// <summary>Whether it has no duration and may come up again, such as one damaged segment at every start.</summary>
    public bool Momentary { get; init; }

    /// <summary>How often it was noted; more than 1 only for what is <see cref="Momentary"/>.</summary>
    public long Times { get; init; } = 1;
}

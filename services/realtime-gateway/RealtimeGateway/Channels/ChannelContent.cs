namespace Millrace.RealtimeGateway.Channels;

/// <summary>
/// The state behind a channel: what a snapshot shows and what a client that lagged is given. The channel's lock covers every member.
/// </summary>
internal abstract class ChannelContent
{
    /// <summary>Whether nothing is kept.</summary>
    public abstract bool IsEmpty { get; }

    /// <summary>Takes a publication in.</summary>
    /// <param name="publication">The publication.</param>
    /// <param name="source">What it was made from.</param>
    /// <returns><see langword="false"/> when the state knows something newer: it is not to be published.</returns>
    public abstract bool Apply(Publication publication, object? source);

    /// <summary>What a new subscriber is shown, ascending by offset, within the bounds of the options.</summary>
    /// <param name="type">Only this type, <see langword="null"/> for all.</param>
    /// <param name="into">Receives it.</param>
    public abstract void Snapshot(string? type, List<Publication> into);

    /// <summary>The latest publication of everything that changed after a position, ascending.</summary>
    /// <param name="offset">The position.</param>
    /// <param name="query">What is wanted.</param>
    /// <param name="into">Receives it, at least one item if there is any.</param>
    /// <returns>Position up to which it is complete, <see langword="null"/> when it is complete to the end.</returns>
    public abstract long? After(long offset, in ChangeQuery query, List<Publication> into);

    /// <summary>Forgets what is too old.</summary>
    /// <param name="nowMs">Milliseconds since 1970.</param>
    public abstract void Trim(long nowMs);

    /// <summary>Forgets everything.</summary>
    public abstract void Clear();
}

/// <summary>Which changes are wanted.</summary>
/// <param name="Type">Only this type, <see langword="null"/> for all.</param>
/// <param name="FinalsOnly">Only final windows, and of each series the newest one.</param>
/// <param name="MaxBytes">Stop after so many.</param>
internal readonly record struct ChangeQuery(string? Type, bool FinalsOnly, int MaxBytes)
{
    public bool Takes(Publication publication) => Type is null || string.Equals(Type, publication.Type, StringComparison.Ordinal);
}

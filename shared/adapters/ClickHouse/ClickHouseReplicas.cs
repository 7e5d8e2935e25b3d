namespace Millrace.Adapters.ClickHouse;

/// <summary>
/// The servers of the options, all of them replicas of one another. One is used until it can't be reached, then the next, round and round: what was just
/// written is read where it was written.
/// </summary>
internal sealed class ClickHouseReplicas(IReadOnlyList<Uri> urls)
{
    private int _current;

    /// <summary>The one to use.</summary>
    public Uri Current => urls[Volatile.Read(ref _current)];

    /// <summary>Goes on to the next one, unless that has happened since the address was used.</summary>
    public void Leave(Uri used)
    {
        var current = Volatile.Read(ref _current);
        if (urls.Count > 1 && urls[current].Authority == used.Authority) Interlocked.CompareExchange(ref _current, (current + 1) % urls.Count, current);
    }
}

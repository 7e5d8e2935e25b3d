using Millrace.Adapters.FasterLog.Storage;

namespace Millrace.Adapters.FasterLog.Topics;

/// <summary>Decides where a topic may begin. Pure.</summary>
internal static class Retention
{
    /// <summary>The point at which the log should begin now: past what is too old or too much, never past what a group has yet to read.</summary>
    /// <param name="points">Index points, oldest first, the durable end as the last.</param>
    /// <param name="geometry">Only whole files are freed.</param>
    /// <param name="maxBytes">Bytes to keep at most.</param>
    /// <param name="olderThanMs">Records appended before this may go.</param>
    /// <param name="holds">By group, by partition: the first record to keep.</param>
    /// <returns>The new first point, or <see langword="null"/> when nothing can go.</returns>
    public static IndexPoint? Choose(
        IReadOnlyList<IndexPoint> points, LogGeometry geometry, long maxBytes, long olderThanMs, IReadOnlyCollection<long[]> holds)
    {
        var end = points[^1].Address;
        int allowed = 0, small = 0, old = 0;
        for (var i = 1; i < points.Count; i++)
        {
            if (holds.All(hold => Passed(points[i].Next, hold))) allowed = i;
            if (end - geometry.StartOf(geometry.SegmentOf(points[small].Address)) > maxBytes) small = i;
            if (points[i].LastMs.All(ms => ms < olderThanMs)) old = i;
        }
        var chosen = points[Math.Min(Math.Max(small, old), allowed)];
        return geometry.SegmentOf(chosen.Address) > geometry.SegmentOf(points[0].Address) ? chosen : null;
    }

    private static bool Passed(long[] next, long[] hold)
    {
        for (var p = 0; p < next.Length; p++)
        {
            if (next[p] > hold[p]) return false;
        }
        return true;
    }
}

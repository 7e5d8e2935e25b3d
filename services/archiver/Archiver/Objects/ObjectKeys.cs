using System.Globalization;
using Millrace.Archiver.Progress;

namespace Millrace.Archiver.Objects;

/// <summary>The layout of the object store.</summary>
internal static class ObjectKeys
{
    /// <summary>Key of an object of events.</summary>
    public static string Raw(ObjectCut.Group group, LaneId lane, PendingCut range, bool beside)
    {
        var hour = DateTimeOffset.FromUnixTimeMilliseconds(group.HourMs).UtcDateTime;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"raw/tenant={Segment(group.Tenant)}/stream={Segment(group.Stream)}/date={hour:yyyy-MM-dd}/hour={hour:HH}/{lane.Topic}-{lane.Partition}-{range.First}-{range.Last}{Life(lane, beside)}.ndjson.gz");
    }

    /// <summary>Key of a cut's manifest.</summary>
    public static string Manifest(LaneId lane, PendingCut range, bool beside) => string.Create(
        CultureInfo.InvariantCulture, $"manifests/{lane.Topic}-{lane.Partition}/{range.First}-{range.Last}{Life(lane, beside)}.json");

    private static string Life(LaneId lane, bool beside) => beside ? "-" + Segment(lane.Epoch) : "";

    // Names that ingest lets in pass as they are; the rest protects the store from whoever else may write to the log.
    private static string Segment(string name) => Uri.EscapeDataString(name);
}

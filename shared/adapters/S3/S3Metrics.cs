using System.Diagnostics.Metrics;

namespace Millrace.Adapters.S3;

/// <summary>What the S3 adapter counts, meter <c>Millrace.S3</c>. The only labels are operation and outcome.</summary>
internal static class S3Metrics
{
    private static readonly Meter Meter = new("Millrace.S3");

    private static readonly Histogram<double> RequestSeconds =
        Meter.CreateHistogram<double>("millrace.s3.request.duration", "s", "Requests to the object store, by operation and outcome.");

    private static readonly Counter<long> SentBytes =
        Meter.CreateCounter<long>("millrace.s3.sent", "By", "Bytes of objects that the store has taken.");

    private static readonly Counter<long> ReceivedBytes =
        Meter.CreateCounter<long>("millrace.s3.received", "By", "Bytes of objects that were read.");

    public static void Requested(string operation, string outcome, TimeSpan elapsed) =>
        RequestSeconds.Record(elapsed.TotalSeconds, new("operation", operation), new("outcome", outcome));

    public static void Sent(long bytes)
    {
        if (bytes > 0) SentBytes.Add(bytes);
    }

    public static void Received(long bytes)
    {
        if (bytes > 0) ReceivedBytes.Add(bytes);
    }
}

using System.Diagnostics.Metrics;

namespace Millrace.Archiver;

/// <summary>What the archiver counts, meter <c>Millrace.Archiver</c>. The only labels are sink, step, endpoint and outcome.</summary>
internal static class ArchiverMetrics
{
    private static readonly Meter Meter = new("Millrace.Archiver");

    private static readonly Counter<long> StoredRows =
        Meter.CreateCounter<long>("millrace.archiver.rows", "{event}", "Events stored, by sink.");

    private static readonly Counter<long> StoredBytes =
        Meter.CreateCounter<long>("millrace.archiver.bytes", "By", "Bytes of stored events as they stand on the log, by sink.");

    private static readonly Histogram<long> CutRows =
        Meter.CreateHistogram<long>("millrace.archiver.cut.rows", "{event}", "Events of a cut, by sink.");

    private static readonly Histogram<double> StoreSeconds =
        Meter.CreateHistogram<double>("millrace.archiver.store.duration", "s", "From the first attempt to store a cut until it is stored, by sink.");

    private static readonly Counter<long> Retries =
        Meter.CreateCounter<long>("millrace.archiver.retries", "{attempt}", "Failed attempts, by sink and step.");

    private static readonly Counter<long> RedoneCuts =
        Meter.CreateCounter<long>("millrace.archiver.redone", "{cut}", "Cuts begun by an earlier process and redone, by sink.");

    private static readonly Counter<long> Repaired =
        Meter.CreateCounter<long>("millrace.archiver.repaired", "{table}", "Tables that a redone cut was found missing in and written to again.");

    private static readonly Counter<long> Duplicates =
        Meter.CreateCounter<long>("millrace.archiver.duplicates", "{event}", "Events not archived because their id had been seen.");

    private static readonly Counter<long> LateEvents =
        Meter.CreateCounter<long>("millrace.archiver.late", "{event}", "Events archived with the mark that they came after the allowed lateness.");

    private static readonly Counter<long> Malformed =
        Meter.CreateCounter<long>("millrace.archiver.malformed", "{record}", "Records that are no events and were passed over.");

    private static readonly Counter<long> DamagedObjects =
        Meter.CreateCounter<long>("millrace.archiver.damaged", "{object}", "Times that an archived object or manifest was found not to be what was stored.");

    private static readonly Counter<long> Waits =
        Meter.CreateCounter<long>("millrace.archiver.waits", "{wait}", "Times that reading stopped because a sink's buffer was full.");

    private static readonly Histogram<double> RequestSeconds =
        Meter.CreateHistogram<double>("millrace.archiver.query.duration", "s", "Duration of API queries, by endpoint and outcome.");

    public static void Stored(string sink, long rows, long bytes, TimeSpan elapsed)
    {
        StoredRows.Add(rows, Sink(sink));
        StoredBytes.Add(bytes, Sink(sink));
        CutRows.Record(rows, Sink(sink));
        StoreSeconds.Record(elapsed.TotalSeconds, Sink(sink));
    }

    public static void Retried(string sink, string step) => Retries.Add(1, Sink(sink), new("step", step));

    public static void Redone(string sink) => RedoneCuts.Add(1, Sink(sink));

    public static void RepairedTables(int tables) => Repaired.Add(tables);

    public static void Duplicate() => Duplicates.Add(1);

    public static void Late() => LateEvents.Add(1);

    public static void NotAnEvent() => Malformed.Add(1);

    public static void Damaged() => DamagedObjects.Add(1);

    public static void Waited() => Waits.Add(1);

    public static void Queried(string endpoint, string outcome, TimeSpan elapsed) =>
        RequestSeconds.Record(elapsed.TotalSeconds, new("endpoint", endpoint), new("outcome", outcome));

    /// <summary>Shows, for each sink, how old the oldest event is that it lacks, and how many bytes wait for it.</summary>
    public static void Observe(Func<IEnumerable<Measurement<double>>> lag, Func<IEnumerable<Measurement<long>>> buffered, Meter meter)
    {
        meter.CreateObservableGauge("millrace.archiver.lag", lag, "s", "Age of the oldest event that a sink lacks, by sink.");
        meter.CreateObservableGauge("millrace.archiver.buffer", buffered, "By", "Bytes of events that wait for a sink, by sink.");
    }

    private static KeyValuePair<string, object?> Sink(string sink) => new("sink", sink);
}

using System.Diagnostics.Metrics;

namespace Millrace.Adapters.Postgres;

/// <summary>What the adapter counts; meter <c>Millrace.Postgres</c>. The pool itself is on the vendor's own meter, <c>Npgsql</c>.</summary>
internal sealed class PostgresMetrics : IDisposable
{
    private readonly Meter _meter = new("Millrace.Postgres");
    private readonly Histogram<double> _transactions;
    private readonly Counter<long> _conflicts;
    private readonly Counter<long> _listenersLost;

    public PostgresMetrics()
    {
        _transactions = _meter.CreateHistogram<double>("millrace.postgres.transaction.duration", "s", "Time to a commit, repetitions included.");
        _conflicts = _meter.CreateCounter<long>("millrace.postgres.transaction.conflicts", "{conflict}", "Transactions run again after a conflict.");
        _listenersLost = _meter.CreateCounter<long>("millrace.postgres.listener.lost", "{loss}", "Times that the connection for changes broke or was not there.");
    }

    public void Committed(TimeSpan took) => _transactions.Record(took.TotalSeconds);

    public void Conflicted() => _conflicts.Add(1);

    public void ListenerLost() => _listenersLost.Add(1);

    public void Dispose() => _meter.Dispose();
}

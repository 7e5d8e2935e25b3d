using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Schema;

namespace Millrace.Hosting.Incidents;

/// <summary>
/// Where a service says that something is wrong, and that it is over. No call waits or throws: reports are kept in memory, at most
/// <see cref="IncidentOptions.MaxHeld"/>, and written to the metadata database by <see cref="IncidentWriter"/> as soon as it can be, so the
/// database being away is itself no obstacle. Thread-safe.
/// </summary>
public sealed class IncidentLog
{
    private const int TextLength = 1000;

    private readonly TimeProvider _time;
    private readonly int _maxHeld;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Service, string Kind, string Subject), Incident> _open = [];
    private readonly Dictionary<string, Incident> _unwritten = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes it.</summary>
    /// <param name="options">Bounds.</param>
    /// <param name="time">The clock.</param>
    public IncidentLog(IOptions<IncidentOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        _time = time;
        _maxHeld = options.Value.MaxHeld;
    }

    /// <summary>This run of this process: incidents of one that died are told from those of the next by it.</summary>
    public string Instance { get; } = $"{Environment.MachineName}/{Environment.ProcessId}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    /// <summary>
    /// Begins an incident, or tells more of the one that is open with this service, kind and subject: its step, cause and audience become these, its
    /// peak the greater one. Saying the same again costs nothing.
    /// </summary>
    public void Open(IncidentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        report = Shorten(report);
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            if (_open.TryGetValue(KeyOf(report), out var open))
            {
                report = report with { Peak = Greater(open.Report.Peak, report.Peak) };
                if (report == open.Report) return;
                Keep(open with { Report = report, SeenAt = now });
                return;
            }

            if (IsFull()) return;
            IncidentMetrics.Opened.Add(1, new KeyValuePair<string, object?>("kind", report.Kind));
            Keep(new Incident(Guid.CreateVersion7(now).ToString("n"), report, Instance, now, now, null));
        }
    }

    /// <summary>Ends the open incident with this service, kind and subject; without one it does nothing.</summary>
    public void Close(string service, string kind, string subject)
    {
        lock (_gate)
        {
            if (!_open.Remove((service, kind, subject), out var open)) return;
            var now = _time.GetUtcNow();
            IncidentMetrics.SetOpen(kind, -1);
            Write(open with { SeenAt = now, EndedAt = now });
        }
    }

    /// <summary>Notes something that has no duration. The same service, kind and subject again, even after a restart, is the same incident seen once more.</summary>
    public void Record(IncidentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        report = Shorten(report);
        var name = SHA256.HashData(Encoding.UTF8.GetBytes($"{report.Service}\n{report.Kind}\n{report.Subject}"));
        var id = Convert.ToHexStringLower(name.AsSpan(0, 16));
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            if (!_unwritten.TryGetValue(id, out var before) && IsFull()) return;
            IncidentMetrics.Opened.Add(1, new KeyValuePair<string, object?>("kind", report.Kind));
            Write(before is null
                ? new Incident(id, report, Instance, now, now, now) { Momentary = true }
                : before with { Report = report with { Peak = Greater(before.Report.Peak, report.Peak) }, SeenAt = now, EndedAt = now, Times = before.Times + 1 });
        }
    }

    /// <summary>Incidents of this process that go on.</summary>
    public IReadOnlyList<Incident> Current
    {
        get
        {
            lock (_gate) return [.. _open.Values];
        }
    }

    /// <summary>Completes when something is to be written.</summary>
    internal Task Changed
    {
        get
        {
            lock (_gate) return _changed.Task;
        }
    }

    /// <summary>Takes what is to be written. What can't be is given back by <see cref="GiveBack"/>.</summary>
    /// <param name="all">Whether the open incidents are wanted too that have not changed: to say that they go on.</param>
    internal IReadOnlyList<Incident> Take(bool all)
    {
        lock (_gate)
        {
            if (all)
            {
                var now = _time.GetUtcNow();
                foreach (var (key, open) in _open.ToArray())
                {
                    var seen = open with { SeenAt = now };
                    _open[key] = seen;
                    _unwritten[seen.Id] = seen;
                }
            }

            var taken = _unwritten.Values.ToArray();
            _unwritten.Clear();
            if (_changed.Task.IsCompleted) _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return taken;
        }
    }

    /// <summary>Takes back what could not be written, unless something newer is known of it.</summary>
    internal void GiveBack(IReadOnlyList<Incident> taken)
    {
        lock (_gate)
        {
            foreach (var incident in taken)
            {
                if (!_unwritten.TryGetValue(incident.Id, out var newer)) _unwritten.Add(incident.Id, incident);
                else if (newer.Momentary) _unwritten[incident.Id] = newer with { StartedAt = incident.StartedAt, Times = newer.Times + incident.Times };
            }

            _changed.TrySetResult();
        }
    }

    /// <summary>Ends all: the process stops.</summary>
    internal void CloseAll()
    {
        foreach (var incident in Current) Close(incident.Report.Service, incident.Report.Kind, incident.Report.Subject);
    }

    private static (string Service, string Kind, string Subject) KeyOf(IncidentReport report) => (report.Service, report.Kind, report.Subject);

    private static double? Greater(double? one, double? other) => one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);

    private static IncidentReport Shorten(IncidentReport report) => report with { Cause = StoredText.Of(report.Cause, TextLength) };

    private bool IsFull()
    {
        if (_open.Count + _unwritten.Count < _maxHeld) return false;
        IncidentMetrics.Dropped.Add(1);
        return true;
    }

    private void Keep(Incident incident)
    {
        if (!_open.ContainsKey(KeyOf(incident.Report))) IncidentMetrics.SetOpen(incident.Report.Kind, 1);
        _open[KeyOf(incident.Report)] = incident;
        Write(incident);
    }

    private void Write(Incident incident)
    {
        _unwritten[incident.Id] = incident;
        _changed.TrySetResult();
    }
}

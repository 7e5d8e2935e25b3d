using System.Text;
using Google.Protobuf;
using Millrace.Contracts;
using Millrace.Contracts.Events;
using Millrace.Contracts.Protos;
using Millrace.Ports.EventLog;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>Puts records onto the log as the other services do.</summary>
internal sealed class LogWriter(Func<IEventLog> log)
{
    public const string Stream = "shop";

    /// <summary>2026-01-01T00:00:00Z.</summary>
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A window of one second.</summary>
    public static Window Window(
        int second, ulong count, bool final = false, string tenant = GatewayServer.Tenant, string stream = Stream, string type = "purchase", string key = "", long sizeMs = 1000)
    {
        var start = Epoch.AddSeconds(second).ToUnixTimeMilliseconds();
        var window = new Window
        {
            Tenant = tenant,
            Stream = stream,
            Type = type,
            Key = key,
            WindowStartMs = start,
            WindowEndMs = start + sizeMs,
            Revision = (long)((2 * count) + (final ? 1u : 0)),
            Final = final,
            UpdatedAtMs = start + 500,
            Count = count,
            DistinctSources = 1,
            NewestEventAtMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(),
            SourcesSketch = ByteString.CopyFrom(1, 2, 3),
        };
        window.Values.Add(new ValueStats { Name = "amount", Count = count, Sum = 2.5 * count, Min = 1, Max = 4, Last = 2, P50 = 2, P95 = 3.9, P99 = 4, Sketch = ByteString.CopyFrom(9) });
        window.GeoCells.Add(new GeoCell { Geohash = "u33d", Count = count });
        return window;
    }

    public static Event Event(string id, string stream = Stream, string type = "purchase", string? data = null, string tenant = GatewayServer.Tenant)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var e = new Event { Id = id, Tenant = tenant, Stream = stream, Type = type, Source = "till-1", TimeMs = now, ReceivedAtMs = now, Geo = new GeoPoint { Lat = 52.5, Lon = 13.4 } };
        e.Dims.Add("country", "DE");
        e.Values.Add("amount", 19.9);
        if (data is not null) e.Data = ByteString.CopyFromUtf8(data);
        return e;
    }

    public static AlertChange Alert(string id, long revision, AlertState state = AlertState.Firing, string tenant = GatewayServer.Tenant) => new()
    {
        Tenant = tenant,
        AlertId = id,
        RuleId = "rule-1",
        RuleName = "Too many purchases",
        Stream = Stream,
        State = state,
        Revision = revision,
        Severity = "critical",
        Value = 12,
        Threshold = 10,
        StartedAtMs = Epoch.ToUnixTimeMilliseconds(),
        Summary = "purchase count is 12",
    };

    public Task PutAsync(params IEnumerable<Window> windows) =>
        AppendAsync(Topics.Windows, windows.Select(w => new LogRecord(PartitionKey.Create(w.Tenant, w.Stream), w.ToByteArray())));

    public Task PutAsync(params IEnumerable<Event> events) =>
        AppendAsync(Topics.Events, events.Select(e => new LogRecord(PartitionKey.Create(e.Tenant, e.Stream), e.ToByteArray())));

    public Task PutAsync(params IEnumerable<AlertChange> alerts) =>
        AppendAsync(Topics.Alerts, alerts.Select(a => new LogRecord(Encoding.UTF8.GetBytes($"{a.Tenant}/{a.AlertId}"), a.ToByteArray())));

    public async Task AppendAsync(string topic, IEnumerable<LogRecord> records) =>
        await log().AppendAsync(topic, records.ToArray(), Memory<LogPosition>.Empty, CancellationToken.None);
}

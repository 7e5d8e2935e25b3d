using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Databases;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

/// <summary>The life of an incident: from a report to what the API lists.</summary>
public abstract class IncidentTests(MetadataUnderTest database) : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly IncidentOptions _options = new() { MaxKept = 10, MaxHeld = 50 };
    private IMetadataDatabase _database = null!;
    private IncidentStore _store = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await database.OpenAsync(_directory.Path);
        await HostingSchema.EnsureAsync(_database, Cancelled);
        _store = new IncidentStore(_database, _time);
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is IAsyncDisposable disposable) await disposable.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Incident_opens_gets_worse_and_ends()
    {
        var (log, writer) = await StartAsync();
        var started = _time.GetUtcNow();
        log.Open(Lag("slower_live", 3));
        await ReachesAsync(one => one is { EndedAt: null, Report.Step: "slower_live" });
        _time.Advance(TimeSpan.FromSeconds(5));
        log.Open(Lag("finals_only", 12));
        log.Open(Lag("slower_live", 2));
        await ReachesAsync(one => one is { EndedAt: null, Report: { Step: "slower_live", Peak: 12 } });
        log.Close("aggregator", IncidentKinds.AggregatorLag, "");
        log.Close("aggregator", IncidentKinds.AggregatorLag, "");

        var ended = await ReachesAsync(one => one.EndedAt is not null);

        Assert.Equal((started, 12.0, "s", log.Instance), (ended.StartedAt, ended.Report.Peak, ended.Report.PeakUnit, ended.Instance));
        Assert.InRange(ended.EndedAt!.Value, started.AddSeconds(5), _time.GetUtcNow());
        Assert.Empty(log.Current);
        await writer.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Incident_of_a_process_that_was_killed_ends_with_its_last_word()
    {
        var (log, _) = await StartAsync(run: false);
        log.Open(Lag("slower_live", 3));
        await _store.SaveAsync(log.Take(all: false), Cancelled);
        var last = _time.GetUtcNow();
        Assert.Single(await _store.ReadAsync(new IncidentQuery { OpenOnly = true }, Cancelled));

        _time.Advance(IncidentStore.Life + TimeSpan.FromSeconds(1));

        Assert.Empty(await _store.ReadAsync(new IncidentQuery { OpenOnly = true }, Cancelled));
        Assert.Equal(last, Assert.Single(await ReadAsync()).EndedAt);
        await _store.SweepAsync(_options, Cancelled);
        Assert.Equal(last, Assert.Single(await ReadAsync()).EndedAt);
    }

    [Fact]
    public async Task Incident_that_goes_on_is_said_to_go_on()
    {
        var (log, writer) = await StartAsync();
        log.Open(Lag("slower_live", 3));
        for (var i = 0; i < 5; i++)
        {
            var before = (await ReachesAsync(_ => true)).SeenAt;
            await ReachesAsync(one => one.SeenAt > before, TimeSpan.FromSeconds(5));
        }

        Assert.Single(await _store.ReadAsync(new IncidentQuery { OpenOnly = true }, Cancelled));
        await writer.StopAsync(Cancelled);
        Assert.NotNull(Assert.Single(await ReadAsync()).EndedAt);
    }

    [Fact]
    public async Task Record_of_the_same_thing_is_one_incident_across_restarts()
    {
        for (var start = 0; start < 3; start++)
        {
            var (log, _) = await StartAsync(run: false);
            log.Record(new IncidentReport("log", IncidentKinds.LogDamaged, "millrace.events/2/17", "", "Checksum of 3 records is wrong."));
            var taken = log.Take(all: false);
            log.Record(new IncidentReport("log", IncidentKinds.LogDamaged, "millrace.events/2/17", "", "Checksum of 3 records is wrong."));
            log.GiveBack(taken);
            await _store.SaveAsync(log.Take(all: false), Cancelled);
            _time.Advance(TimeSpan.FromHours(1));
        }

        var incident = Assert.Single(await ReadAsync());
        Assert.Equal((6, true), (incident.Times, incident.Momentary));
        Assert.Equal(_time.GetUtcNow().AddHours(-3), incident.StartedAt);
        Assert.Equal(_time.GetUtcNow().AddHours(-1), incident.EndedAt);
    }

    [Fact]
    public async Task Tenant_sees_its_own_and_what_concerns_everybody()
    {
        var (log, _) = await StartAsync(run: false);
        foreach (var audience in new[] { "", IncidentReport.Everyone, "acme", "globex" })
        {
            log.Open(Lag("s", 1) with { Subject = audience, Audience = audience });
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await _store.SaveAsync(log.Take(all: false), Cancelled);

        Assert.Equal(["acme", "*"], (await _store.ReadAsync(new IncidentQuery { Tenant = "acme" }, Cancelled)).Select(one => one.Report.Audience));
        Assert.Equal(["globex", "acme", "*", ""], (await ReadAsync()).Select(one => one.Report.Audience));
        var first = (await _store.ReadAsync(new IncidentQuery { Limit = 2 }, Cancelled))[^1];
        var rest = await _store.ReadAsync(new IncidentQuery { Before = (first.StartedAt.ToUnixTimeMilliseconds(), first.Id) }, Cancelled);
        Assert.Equal(["*", ""], rest.Select(one => one.Report.Audience));
    }

    [Fact]
    public async Task Retention_bounds_what_has_ended_by_age_and_number()
    {
        var (log, _) = await StartAsync(run: false);
        for (var i = 0; i < 15; i++)
        {
            log.Open(Lag("s", 1) with { Subject = $"{i}" });
            if (i > 0) log.Close("aggregator", IncidentKinds.AggregatorLag, $"{i}");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        await _store.SaveAsync(log.Take(all: true), Cancelled);
        await _store.SweepAsync(_options, Cancelled);
        // The open one stays, old as it is.
        Assert.Equal(["14", "13", "12", "11", "10", "9", "8", "7", "6", "5", "0"], (await ReadAsync()).Select(one => one.Report.Subject));

        _time.Advance(_options.Retention);
        await _store.SaveAsync(log.Take(all: true), Cancelled);
        await _store.SweepAsync(_options, Cancelled);
        Assert.Equal(["0"], (await ReadAsync()).Select(one => one.Report.Subject));
    }

    [Fact]
    public async Task Reports_beyond_the_bound_are_left_out()
    {
        var (log, _) = await StartAsync(run: false);

        for (var i = 0; i < 200; i++)
        {
            log.Open(Lag("s", 1) with { Subject = $"{i}", Cause = new string('x', 100_000) + '\0' });
            log.Close("aggregator", IncidentKinds.AggregatorLag, $"{i}");
        }

        var held = log.Take(all: false);
        Assert.Equal(_options.MaxHeld, held.Count);
        Assert.All(held, one => Assert.InRange(one.Report.Cause.Length, 1, 1000));
    }

    private static IncidentReport Lag(string step, double seconds) =>
        new("aggregator", IncidentKinds.AggregatorLag, "", step, "Behind.\0") { Peak = seconds, PeakUnit = "s" };

    private async Task<(IncidentLog Log, IncidentWriter Writer)> StartAsync(bool run = true)
    {
        var log = new IncidentLog(Options.Create(_options), _time);
        var writer = new IncidentWriter(log, _store, _database, Options.Create(_options), _time, NullLogger<IncidentWriter>.Instance);
        if (run) await writer.StartAsync(Cancelled);
        return (log, writer);
    }

    private Task<IReadOnlyList<Incident>> ReadAsync() => _store.ReadAsync(new IncidentQuery(), Cancelled);

    /// <summary>Lets time pass until the only incident satisfies a condition.</summary>
    private async Task<Incident> ReachesAsync(Func<Incident, bool> condition, TimeSpan? step = null)
    {
        Incident? reached = null;
        await Eventually.TrueAsync(async () =>
        {
            _time.Advance(step ?? TimeSpan.FromMilliseconds(20));
            reached = (await ReadAsync()).SingleOrDefault(condition);
            return reached is not null;
        });
        return reached!;
    }
}

public sealed class IncidentsOnSqliteTests() : IncidentTests(new OnSqlite());

public sealed class IncidentsOnPostgresTests(PostgresFixture postgres) : IncidentTests(new OnPostgres(postgres));

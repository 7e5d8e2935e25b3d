using System.Net;
using System.Net.Http.Json;
using Millrace.Archiver.Tests.Pipeline;
using Millrace.Archiver.Tests.Support;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Servers;
using Xunit;

namespace Millrace.Archiver.Tests.Replays;

/// <summary>The API of replays, on each database.</summary>
[Collection(KilledClickHouseTests.Name)]
public abstract class ReplayTests(ClickHouseFixture fixture, MetadataUnderTest metadata) : ReplayTestBase(fixture)
{
    [Fact]
    public async Task Rows_that_a_table_lacks_are_filled_in_and_no_others()
    {
        await using var stores = await Stores.OpenAsync(metadata);
        await using var archiver = await ArchiverInstance.StartAsync(stores, Fixture.ClickHouse);
        var events = ArchivingTests.Events(stores.Tenant, 600);
        await ArchiveAsync(stores, events);
        var before = await EventsAsync(stores.Tenant);
        await ExecuteAsync($"ALTER TABLE millrace.events DELETE WHERE tenant = '{stores.Tenant}' AND cityHash64(id) % 3 = 0 SETTINGS mutations_sync = 2");
        var left = (await EventsAsync(stores.Tenant)).Count;
        Assert.InRange(left, 1, events.Count - 1);

        var replay = await ReplayAsync(archiver, stores, Table);
        Assert.Equal((600, events.Count - left), (Rows(replay, "read"), Rows(replay, "applied")));
        Assert.Equal(before, await EventsAsync(stores.Tenant));
        Assert.Equal(0, Rows(await ReplayAsync(archiver, stores, Table), "applied"));
        await HoldsAsync(stores, events);

        var named = await ReplayAsync(archiver, stores, Table.Replace("\"events\"", "\"incident_7\"", StringComparison.Ordinal));
        Assert.Equal("done", Text(named, "state"));
        Assert.Equal("600", await Fixture.ScalarAsync($"SELECT count() FROM millrace_replays.`{stores.Tenant}_incident_7`"));
    }

    [Fact]
    public async Task Replays_are_the_tenants_own_cancellable_idempotent_and_checked()
    {
        await using var stores = await Stores.OpenAsync(metadata);
        await using var archiver = await ArchiverInstance.StartAsync(stores, Fixture.ClickHouse);
        await ArchiveAsync(stores, ArchivingTests.Events(stores.Tenant, 100));
        await DamageAsync(stores);
        var damaged = await RollupsAsync(stores.Tenant);
        using var admin = archiver.Client(stores.Tenant, Scopes.Admin | Scopes.Read);
        var replay = await PostAsync(archiver, stores, Rollups, "key-1");
        using var cancel = await admin.PostAsync(new Uri($"{Path}/{Text(replay, "id")}/cancel", UriKind.Relative), null, Cancelled);
        Assert.Equal(HttpStatusCode.OK, cancel.StatusCode);
        replay = await EndAsync(archiver, stores, replay);
        Assert.Equal("cancelled", Text(replay, "state"));
        Assert.Equal(damaged, await RollupsAsync(stores.Tenant));

        Assert.Equal(Text(replay, "id"), Text(await PostAsync(archiver, stores, Rollups, "key-1", HttpStatusCode.OK), "id"));
        await PostAsync(archiver, stores, Table, "key-1", HttpStatusCode.Conflict);
        using var stranger = archiver.Client("x" + stores.Tenant, Scopes.Admin | Scopes.Read);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(new Uri($"{Path}/{Text(replay, "id")}", UriKind.Relative), Cancelled)).StatusCode);
        using var reader = archiver.Client(stores.Tenant);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsJsonAsync(new Uri(Path, UriKind.Relative), new { target = "rollups" }, Cancelled)).StatusCode);
        string[] bad =
        [
            "{}", "[]", "", """{"target":"rule"}""", """{"target":"rollups","from":"2026-07-01T00:00:00Z"}""", """{"target":"table","from":"2026-07-01T00:00:00Z","to":"2026-07-02T00:00:00Z"}""",
            """{"target":"table","table":"a`b","from":"2026-07-01T00:00:00Z","to":"2026-07-02T00:00:00Z"}""", """{"target":"rollups","stream":"A","from":"2026-07-01T00:00:00Z","to":"2026-07-02T00:00:00Z"}""",
            """{"target":"table","table":"events","from":"2026-07-02T00:00:00Z","to":"2026-07-01T00:00:00Z"}""", """{"target":"rollups","from":"2020-07-02T00:00:00Z","to":"2026-07-01T00:00:00Z"}""",
            """{"target":"rollups","rows":1,"from":"2026-07-01T00:00:00Z","to":"2026-07-02T00:00:00Z"}""",
        ];
        foreach (var body in bad) await PostAsync(archiver, stores, body, null, HttpStatusCode.BadRequest);
    }
}

public sealed class ReplayOnSqliteTests(KilledClickHouseFixture fixture) : ReplayTests(fixture, new OnSqlite());

public sealed class ReplayOnPostgresTests(KilledClickHouseFixture fixture, PostgresFixture postgres) : ReplayTests(fixture, new OnPostgres(postgres));

using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Bootstrap;
using Millrace.Hosting.Ledger;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

/// <summary>Several hosts on one database: what they agree on at start, and what reaches the others.</summary>
public abstract class SeveralInstancesTests(MetadataUnderTest database) : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Start_at_once_makes_one_key_and_one_signing_key()
    {
        await database.PrepareAsync();
        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => StartAsync(settings =>
        {
            settings.Remove("Millrace:Bootstrap:ApiKey");
            settings.Remove("Millrace:Auth:SigningKey");
        }))));
        try
        {
            var made = Assert.Single(hosts, host => host.App.Services.GetRequiredService<BootstrapResult>().IsNew);
            var key = made.App.Services.GetRequiredService<BootstrapResult>().ApiKey!;
            var token = hosts[0].Token("acme", Scopes.Read);
            foreach (var host in hosts)
            {
                Assert.Equal(200, (await host.GetAsync("/admin", key)).Status);
                Assert.Equal(200, (await host.GetAsync("/read", token)).Status);
            }

            Assert.Equal(1, await CountAsync(hosts[0], "api_keys"));
            Assert.Equal(1, await CountAsync(hosts[0], "tenants"));
        }
        finally
        {
            foreach (var host in hosts) await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Revoke_reaches_the_others_within_a_second()
    {
        await using var one = await StartAsync();
        await using var other = await StartAsync();
        var keys = one.App.Services.GetRequiredService<IApiKeyStore>();
        var created = await keys.CreateAsync("acme", "sensor", Scopes.Read, "ann", Cancelled);
        foreach (var host in new[] { one, other })
            await Eventually.TrueAsync(async () => (await host.GetAsync("/read", created!.ClearText)).Status == 200);

        await keys.RevokeAsync("acme", created!.Key.Id, "ann", Cancelled);

        var moved = TimeSpan.Zero;
        await Eventually.TrueAsync(async () =>
        {
            // For SQLite, which looks now and then; by so little that no verdict is forgotten for its age.
            moved += TimeSpan.FromMilliseconds(20);
            other.Time.Advance(TimeSpan.FromMilliseconds(20));
            return (await other.GetAsync("/read", created.ClearText)).Status == 401;
        });
        Assert.InRange(moved.TotalSeconds, 0, 2.5);
        await Eventually.TrueAsync(async () => (await one.GetAsync("/read", created.ClearText)).Status == 401);
        Assert.Equal(200, (await other.GetAsync("/read", TestHost.Key)).Status);
    }

    [Fact]
    public async Task Ledger_saved_by_many_at_once_never_goes_back()
    {
        await using var one = await StartAsync();
        await using var other = await StartAsync();
        var ledgers = new[] { one, other }.Select(host => host.App.Services.GetRequiredService<LedgerStore>()).ToArray();
        long seen = 0;
        using var stop = new CancellationTokenSource();
        var watch = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var state = await ledgers[0].LoadAsync("intake", "events", 0, CancellationToken.None);
                Assert.True(state.Upto is null || state.Upto >= seen, $"{state.Upto} after {seen}");
                seen = state.Upto ?? 0;
                Assert.Equal(seen, state.Counts.GetValueOrDefault("acme").Received);
            }
        });

        await Task.WhenAll(Enumerable.Range(1, 100).OrderBy(_ => Random.Shared.Next()).Select(upto => Task.Run(() => ledgers[upto % 2].SaveAsync(
            "intake", "events", 0, upto, new Dictionary<string, LedgerCounts> { ["acme"] = new() { Received = upto } }, Cancelled))));

        await stop.CancelAsync();
        await watch;
        Assert.Equal(100, (await ledgers[1].LoadAsync("intake", "events", 0, Cancelled)).Upto);
    }

    private static async Task<long> CountAsync(TestHost host, string table)
    {
        await using var connection = await host.App.Services.GetRequiredService<IMetadataDatabase>().OpenAsync(Cancelled);
        return await connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM {table}");
    }

    private Task<TestHost> StartAsync(Action<Dictionary<string, string?>>? settings = null) =>
        TestHost.StartAsync(settings, directory: _directory.Path, database: database);
}

public sealed class SeveralInstancesOnSqliteTests() : SeveralInstancesTests(new OnSqlite());

public sealed class SeveralInstancesOnPostgresTests(PostgresFixture postgres) : SeveralInstancesTests(new OnPostgres(postgres));

using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Databases;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Authentication;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

public abstract class RefusalAuditTests(MetadataUnderTest database)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Refusals_alike_are_one_line_with_their_number()
    {
        await using var host = await TestHost.StartAsync(database: database);
        for (var i = 0; i < 7; i++) await host.GetAsync("/read?access_token=secret-in-the-query", "wrong-key-number-" + i);
        await host.GetAsync("/read?tenant=globex", TestHost.Key);

        var lines = await FlushAsync(host, 2);

        Assert.Contains(("-", "anonymous", "GET /read", "invalid, 7 times from 127.0.0.1"), lines);
        var forbidden = lines.Single(line => line.Tenant == "acme");
        Assert.StartsWith("key:boot", forbidden.Actor, StringComparison.Ordinal);
        Assert.Equal("forbidden, 1 times from 127.0.0.1", forbidden.Detail);
        Assert.DoesNotContain(lines, line => line.ToString().Contains("wrong-key", StringComparison.Ordinal) || line.ToString().Contains("secret", StringComparison.Ordinal));
        var own = await host.App.Services.GetRequiredService<AuditLog>().ReadAsync("acme", null, 10, Cancelled);
        Assert.Contains(own, entry => entry.Action == "auth.refused");
    }

    [Fact]
    public async Task Refusals_of_a_flood_write_a_bounded_number_of_lines()
    {
        await using var host = await TestHost.StartAsync(database: database, map: app => app.MapGet("/flood/{id}", () => "").RequireScopes(Scopes.Read));
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => host.GetAsync($"/flood/{i}", "wrong-key-wrong-key")));

        var lines = await FlushAsync(host, RefusalAudit.MaxKinds + 1);

        // Threads that look at the bound at the same moment may pass it together, so it is soft by their number.
        Assert.InRange(lines.Count, RefusalAudit.MaxKinds + 1, RefusalAudit.MaxKinds + 30);
        Assert.Matches("^[0-9]+ more refusals of other kinds$", lines.Single(line => line.Subject == "*").Detail);
    }

    [Fact]
    public async Task Refusals_when_the_host_stops_are_not_lost()
    {
        using var directory = new TempDirectory();
        await using (var host = await TestHost.StartAsync(directory: directory.Path, database: database))
            await host.GetAsync("/read", "wrong-key-wrong-key");

        await using var later = await TestHost.StartAsync(directory: directory.Path, database: database);
        Assert.Single(await ReadAsync(later));
    }

    private static async Task<List<(string Tenant, string Actor, string Subject, string Detail)>> FlushAsync(TestHost host, int least)
    {
        return await Eventually.ValueAsync(
            async () =>
            {
                host.Time.Advance(RefusalAudit.Interval);
                return await ReadAsync(host);
            },
            lines => lines.Count >= least);
    }

    private static async Task<List<(string Tenant, string Actor, string Subject, string Detail)>> ReadAsync(TestHost host)
    {
        await using var connection = await host.App.Services.GetRequiredService<IMetadataDatabase>().OpenAsync(Cancelled);
        return (await connection.QueryAsync<(string, string, string, string)>(
            "SELECT tenant, actor, subject, detail FROM audit_log WHERE action = 'auth.refused'")).AsList();
    }
}

public sealed class RefusalAuditOnSqliteTests() : RefusalAuditTests(new OnSqlite());

public sealed class RefusalAuditOnPostgresTests(PostgresFixture postgres) : RefusalAuditTests(new OnPostgres(postgres));

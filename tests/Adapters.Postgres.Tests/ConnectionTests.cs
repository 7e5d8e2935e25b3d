using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.Metadata;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.Postgres.Tests;

public sealed class ConnectionTests(PostgresFixture postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_all_connections_busy_says_so_and_can_be_retried()
    {
        await using var database = Databases.Open(await postgres.CreateDatabaseAsync(), options =>
        {
            options.MaxPoolSize = 2;
            options.ConnectTimeout = TimeSpan.FromSeconds(1);
        });
        await using var one = await database.OpenAsync(Cancelled);
        await using var two = await database.OpenAsync(Cancelled);

        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.OpenAsync(Cancelled).AsTask());

        Assert.True(error.Retryable);
        Assert.Contains("All 2 connections", error.Message, StringComparison.Ordinal);
        await one.DisposeAsync();
        await using var three = await database.OpenAsync(Cancelled);
    }

    [Fact]
    public async Task Open_wrong_password_is_not_worth_a_retry()
    {
        await using var database = Databases.Open(await postgres.CreateDatabaseAsync(), options => options.Password = "wrong");

        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.OpenAsync(Cancelled).AsTask());

        Assert.False(error.Retryable);
        Assert.Contains("password authentication failed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_no_such_database_is_not_worth_a_retry()
    {
        await using var database = Databases.Open(await postgres.CreateDatabaseAsync(), options => options.Database = "missing");

        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.OpenAsync(Cancelled).AsTask());

        Assert.False(error.Retryable);
        Assert.Contains("missing on 127.0.0.1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_nobody_listens_can_be_retried()
    {
        await using var database = Databases.Open("Host=127.0.0.1;Username=nobody", options => options.Port = FreePort.Next());

        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.OpenAsync(Cancelled).AsTask());

        Assert.True(error.Retryable);
    }

    [Fact]
    public async Task Open_password_file_changed_takes_the_new_one()
    {
        using var directory = new TempDirectory();
        var file = directory.File("password");
        await File.WriteAllTextAsync(file, "wrong\n", Cancelled);
        var connection = (await postgres.CreateDatabaseAsync()).Split(";Password=");
        await using var database = Databases.Open(connection[0], options => options.PasswordFile = file);
        await Assert.ThrowsAsync<MetadataDatabaseException>(() => database.OpenAsync(Cancelled).AsTask());

        await File.WriteAllTextAsync(file, connection[1] + "\n", Cancelled);

        await using var opened = await database.OpenAsync(Cancelled);
        Assert.Equal(1, await opened.ExecuteScalarAsync<int>("SELECT 1"));
    }

    [Fact]
    public async Task Migrate_nothing_to_do_needs_no_right_to_make_tables()
    {
        Migration[] table = [new(1, "table", "CREATE TABLE notes (text text NOT NULL);")];
        var connection = await postgres.CreateDatabaseAsync();
        await using var owner = Databases.Open(connection);
        await owner.MigrateAsync("test", table, Cancelled);
        var role = "role_" + Guid.NewGuid().ToString("n")[..8];
        await using (var opened = await owner.OpenAsync(Cancelled))
            await opened.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};");
        await using var limited = Databases.Open(connection, options => (options.Username, options.Password) = (role, "secret"));

        await limited.MigrateAsync("test", table, Cancelled);

        await limited.InTransactionAsync((c, t, _) => c.ExecuteAsync("INSERT INTO notes (text) VALUES ('x')", transaction: t), Cancelled);
        var error = await Assert.ThrowsAsync<MetadataDatabaseException>(
            () => limited.MigrateAsync("test", [.. table, new(2, "more", "CREATE TABLE more (id bigint);")], Cancelled));
        Assert.Contains("permission denied", error.Message, StringComparison.Ordinal);
        Assert.False(error.Retryable);
    }

    [Fact]
    public async Task Health_writable_is_healthy_and_read_only_is_not()
    {
        var connection = await postgres.CreateDatabaseAsync();
        await using var database = Databases.Open(connection);
        var context = new HealthCheckContext();
        Assert.Equal(HealthStatus.Healthy, (await new PostgresHealthCheck(database).CheckHealthAsync(context, Cancelled)).Status);

        await using var standby = Databases.Open(connection + ";Options=-c default_transaction_read_only=on");
        Assert.Equal(HealthStatus.Unhealthy, (await new PostgresHealthCheck(standby).CheckHealthAsync(context, Cancelled)).Status);
    }

    [Fact]
    public async Task Subscription_reader_away_for_too_long_is_told_that_anything_may_have_changed()
    {
        using var subscription = new Subscription("keys", _ => { });
        for (var i = 0; i <= Subscription.Capacity; i++) subscription.Put("=" + i);

        Assert.Equal(Subscription.Missed, await subscription.TakeAsync(Cancelled));
        subscription.Put("=next");
        Assert.Equal("=next", await subscription.TakeAsync(Cancelled));
    }

    [Fact]
    public async Task Transaction_errors_of_statements_are_the_vendors_own()
    {
        await using var database = Databases.Open(await postgres.CreateDatabaseAsync());

        await Assert.ThrowsAnyAsync<DbException>(() => database.InTransactionAsync(
            (c, t, _) => c.ExecuteAsync("SELECT nonsense FROM nowhere", transaction: t), Cancelled));
    }
}

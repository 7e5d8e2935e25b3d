using System.Net;
using Millrace.Archiver.Tests.Support;
using Millrace.Testing;
using Xunit;
using static Millrace.Archiver.Tests.Support.ClickHouseProxy;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>A ClickHouse that refuses, stalls or breaks off: its sink waits and says so, the objects go on, and in the end each event is there once.</summary>
public sealed class FaultTests(ClickHouseFixture fixture)
{
    private const string Insert = "INSERT INTO millrace_archiver.events_in";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(503, null, "")]
    [InlineData(500, 242, "Table is in readonly mode (TABLE_IS_READ_ONLY)")]
    [InlineData(500, 164, "Cannot execute query in readonly mode (READONLY)")]
    [InlineData(500, 252, "Too many parts (3001) (TOO_MANY_PARTS)")]
    [InlineData(500, 241, "Memory limit exceeded (MEMORY_LIMIT_EXCEEDED)")]
    [InlineData(500, 159, "Timeout exceeded (TIMEOUT_EXCEEDED)")]
    public async Task Archive_while_ClickHouse_refuses_inserts_waits_and_says_why(int status, int? code, string text)
    {
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await StartAsync(fixture.Locate);
        await using var archiver = await ArchiverInstance.StartAsync(stores, proxy.Connect());
        await EventsAsync(stores, 0, 500);
        proxy.Treat = statement => statement.StartsWith(Insert, StringComparison.Ordinal) ? Treatment.Fail((HttpStatusCode)status, code, text) : Treatment.Pass;
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 500, from: 500));

        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("objects") == 1_000);
        using var client = archiver.Client(stores.Tenant);
        await Eventually.TrueAsync(async () => (await HealthAsync(client)).Contains("Archiving is retried", StringComparison.Ordinal));
        if (text.Length > 0) Assert.Contains(text, await HealthAsync(client), StringComparison.Ordinal);
        // Late, not out of order: traffic still comes here.
        Assert.True((await client.GetAsync("/health/ready")).IsSuccessStatusCode);
        await Eventually.TrueAsync(async () => Lag(await client.GetStringAsync("/metrics")) > 1);
        Assert.Equal(500, await stores.ArchivedAsync("clickhouse"));

        proxy.Treat = _ => Treatment.Pass;
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, 1_000));
        await Eventually.TrueAsync(async () => !(await HealthAsync(client)).Contains("Archiving is retried", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Archive_with_inserts_that_succeed_unheard_counts_them_once()
    {
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await StartAsync(fixture.Locate);
        var heard = 0;
        // Of every three inserts two are done and the answer is lost.
        proxy.Treat = statement => new Treatment(Cut: statement.StartsWith(Insert, StringComparison.Ordinal) && Interlocked.Increment(ref heard) % 3 != 0);
        await using var archiver = await ArchiverInstance.StartAsync(stores, proxy.Connect());
        for (var i = 0; i < 6; i++) await EventsAsync(stores, i * 300, 300);

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        Assert.True(heard > 6, $"{heard} inserts");
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, 1_800));
    }

    [Fact]
    public async Task Archive_with_answers_later_than_the_timeout_counts_inserts_once()
    {
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await StartAsync(fixture.Locate);
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = 0;
        proxy.Treat = statement => statement.StartsWith(Insert, StringComparison.Ordinal) && Interlocked.Increment(ref slow) <= 4
            ? new Treatment(After: never.Task) : Treatment.Pass;
        await using var archiver = await ArchiverInstance.StartAsync(stores, proxy.Connect(timeout: TimeSpan.FromSeconds(1)));
        for (var i = 0; i < 3; i++) await EventsAsync(stores, i * 300, 300);

        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        never.SetResult();
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, 900));
    }

    [Fact]
    public async Task Archive_with_a_small_buffer_while_ClickHouse_stands_still_goes_on_with_objects()
    {
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await StartAsync(fixture.Locate);
        await using var archiver = await ArchiverInstance.StartAsync(
            stores, proxy.Connect(timeout: TimeSpan.FromMinutes(2)), null, ("ClickHouse:BufferBytes", "50000"), ("ClickHouse:MaxBytes", "10000"), ("ClickHouse:MaxRows", "100"));
        await EventsAsync(stores, 0, 300);
        var still = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        proxy.Treat = _ => new Treatment(Before: still.Task);
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 3_000, from: 300));

        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("objects") == 3_300);
        Assert.True(await stores.ArchivedAsync("clickhouse") < 1_000);

        still.SetResult();
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), Patience);
        await Expectation.HoldsAsync(fixture, stores, ArchivingTests.Events(stores.Tenant, 3_300));
    }

    private static async Task EventsAsync(Stores stores, int from, int count)
    {
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, count, from));
        await Eventually.TrueAsync(async () => await stores.ArchivedAsync("clickhouse") == from + count, Patience);
    }

    private static async Task<string> HealthAsync(HttpClient client) => await (await client.GetAsync("/health")).Content.ReadAsStringAsync();

    private static double Lag(string metrics) => metrics.Split('\n')
        .Where(line => line.StartsWith("millrace_archiver_lag", StringComparison.Ordinal) && line.Contains("sink=\"clickhouse\"", StringComparison.Ordinal))
        .Select(line => double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).DefaultIfEmpty(0).Max();
}

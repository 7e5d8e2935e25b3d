using Microsoft.Extensions.DependencyInjection;
using Millrace.Alerting.Evaluation;
using Millrace.Alerting.Rules;
using Millrace.Alerting.Storage;
using Millrace.Alerting.Tests.Support;
using Millrace.Contract.Suites;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Ports.EventLog;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

/// <summary>Two whole services on one log, whose partitions they share, and one database.</summary>
public abstract class SeveralInstancesTests(MetadataUnderTest database) : IDisposable
{
    private const int Streams = 8;
    private readonly TempDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Both_run_everything_is_told_once()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var shared = Installation.OpenLog(_directory, _time);
        var group = new RebalancingLog(shared.GetRequiredService<IEventLog>());
        await using var one = await StartAsync(group);
        await using var two = await StartAsync(group);
        await RulesAsync(group, one, two, hook);

        for (var i = 0; i < 3; i++) await SecondAsync(one, 9);
        await TellsAsync(one, hook, "firing");
        for (var i = 0; i < 2; i++) await SecondAsync(one, 1);
        await TellsAsync(one, hook, "resolved");

        Assert.Equal(2 * Streams, hook.Requests.Count);
        await AssertChangesAsync(one);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(5, false)]
    [InlineData(9, true)]
    [InlineData(14, false)]
    public async Task One_is_killed_the_other_goes_on_and_everything_is_told_once(int transaction, bool afterCommit)
    {
        await using var hook = await WebhookReceiver.StartAsync();
        await using var shared = Installation.OpenLog(_directory, _time);
        var group = new RebalancingLog(shared.GetRequiredService<IEventLog>());
        await using var one = await StartAsync(group, crashing: true);
        await using var two = await StartAsync(group);
        await RulesAsync(group, one, two, hook);

        one.Database!.CrashAt(transaction, afterCommit);
        for (var i = 0; i < 3; i++) await SecondAsync(two, 9);
        await two.AdvanceUntilAsync(() => Task.FromResult(one.Crashed), "it is killed");
        var killed = _time.GetUtcNow();
        await TellsAsync(two, hook, "firing");
        Assert.InRange((_time.GetUtcNow() - killed).TotalSeconds, 0, 30);
        for (var i = 0; i < 2; i++) await SecondAsync(two, 1);
        await TellsAsync(two, hook, "resolved");

        Assert.Equal(2 * Streams, hook.Requests.Select(request => request.Id).Distinct().Count());
        await AssertChangesAsync(two);
    }

    [Fact]
    public async Task Old_owner_can_save_nothing_after_the_new_one_has_taken_the_partition_up()
    {
        await using var millrace = await Installation.StartAsync(database, _directory, _time);
        var store = millrace.Services.GetRequiredService<EvaluationStore>();
        var assignment = new PartitionAssignment(99, null, new PartitionInfo(99, 0, 10));
        var old = await TakeAsync(store, assignment);
        Assert.Equal(10, old.NextOffset);
        old.NextOffset = 20;
        await store.SaveAsync([], new SeriesChanges([], []), [old], "e", CancellationToken.None);

        var owner = await TakeAsync(store, assignment with { Bounds = new PartitionInfo(99, 0, 50) });

        Assert.Equal(20, owner.NextOffset);
        old.NextOffset = 30;
        await Assert.ThrowsAsync<PartitionLostException>(() => store.SaveAsync([], new SeriesChanges([], []), [old], "e", CancellationToken.None));
        owner.NextOffset = 25;
        await store.SaveAsync([], new SeriesChanges([], []), [owner], "e", CancellationToken.None);
        Assert.Equal(25, (await TakeAsync(store, assignment)).NextOffset);
    }

    [Fact]
    public async Task Mutex_is_held_by_one_and_free_when_its_holder_has_been_silent_for_long()
    {
        await using var shared = Installation.OpenLog(_directory, _time);
        var group = new RebalancingLog(shared.GetRequiredService<IEventLog>());
        await using var one = await StartAsync(group);
        await using var two = await StartAsync(group);
        var (first, second) = (one.Services.GetRequiredService<Mutexes>(), two.Services.GetRequiredService<Mutexes>());

        Assert.True(await first.TryTakeAsync("work", CancellationToken.None));
        Assert.True(await first.TryTakeAsync("work", CancellationToken.None));
        Assert.False(await second.TryTakeAsync("work", CancellationToken.None));
        _time.Advance(Mutexes.HeldFor);

        Assert.True(await second.TryTakeAsync("work", CancellationToken.None));
        Assert.False(await first.TryTakeAsync("work", CancellationToken.None));
        await two.Services.GetRequiredService<AlertingDatabase>().WriteAsync(
            async sql =>
            {
                await second.GiveBackAsync(sql, "work");
                return 0;
            },
            CancellationToken.None);
        Assert.True(await first.TryTakeAsync("work", CancellationToken.None));
    }

    private static async Task<PartitionWatch> TakeAsync(EvaluationStore store, PartitionAssignment assignment)
    {
        var saved = await store.TakeAsync(assignment, "e", new Dictionary<(string, string), Rule>(), _ => assignment.Partition, CancellationToken.None);
        return new PartitionWatch(saved.Partition, saved.NextOffset, saved.Generation, 0, 0);
    }

    private static async Task RulesAsync(RebalancingLog group, Installation one, Installation two, WebhookReceiver hook)
    {
        await one.ReceiverAsync(hook);
        for (var i = 0; i < Streams; i++)
        {
            await one.PostAsync("/api/v1/rules", $$"""
                {"name":"Many purchases {{i}}","kind":"threshold","stream":"shop{{i}}","type":"purchase","for":"3s",
                 "condition":{"value":"count","op":">","threshold":5},"receivers":["ops"]}
                """);
        }

        foreach (var installation in new[] { one, two })
        {
            await installation.AdvanceUntilAsync(
                () => Task.FromResult(installation.Services.GetRequiredService<RuleCatalog>().Current?.Rules.Count == Streams), "the rules are known");
        }

        // Whoever had all partitions has given up half of them; each may also have got its half at once.
        await one.AdvanceUntilAsync(() => Task.FromResult(group.IsDealtOut(2)), "both have partitions");
    }

    /// <summary>Another second of event time has a final window in each stream.</summary>
    private static async Task SecondAsync(Installation millrace, ulong count)
    {
        if (millrace.EventTimeMs == 0) millrace.EventTimeMs = millrace.NowMs / 1000 * 1000;
        millrace.EventTimeMs += 1000;
        if (millrace.NowMs < millrace.EventTimeMs + 500) millrace.Time.Advance(TimeSpan.FromMilliseconds(millrace.EventTimeMs + 500 - millrace.NowMs));
        var windows = Enumerable.Range(0, Streams).Select(i =>
        {
            var window = Installation.Window(millrace.EventTimeMs - 1000, count);
            window.Stream = $"shop{i}";
            return window;
        });
        await millrace.AppendAsync([.. windows]);
    }

    private static Task TellsAsync(Installation millrace, WebhookReceiver hook, string what) => millrace.AdvanceUntilAsync(
        async () =>
        {
            var deliveries = (await millrace.GetAsync("/api/v1/deliveries?limit=100"))["items"]!.AsArray();
            return deliveries.Count(delivery => (string?)delivery!["event"] == what && (string?)delivery["state"] == "delivered") == Streams;
        },
        $"{Streams} are told of {what}");

    private static async Task AssertChangesAsync(Installation millrace)
    {
        var alerts = (await millrace.ChangesAsync()).GroupBy(change => change.AlertId).ToList();
        Assert.Equal(Streams, alerts.Count);
        foreach (var alert in alerts)
        {
            Assert.Equal([AlertState.Pending, AlertState.Firing, AlertState.Resolved], alert.Select(change => change.State));
            Assert.Equal([1, 2, 3], alert.Select(change => change.Revision));
        }
    }

    private Task<Installation> StartAsync(IEventLog log, bool crashing = false) =>
        Installation.StartAsync(database, _directory, _time, crashing: crashing, log: log);
}

public sealed class SeveralInstancesOnSqliteTests() : SeveralInstancesTests(new OnSqlite());

public sealed class SeveralInstancesOnPostgresTests(PostgresFixture postgres) : SeveralInstancesTests(new OnPostgres(postgres));

using Millrace.Alerting.Tests.Support;
using Millrace.Contracts.Protos;
using Millrace.Databases;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Alerting.Tests.Service;

/// <summary>A restart neither repeats nor forgets.</summary>
public abstract class RestartTests(MetadataUnderTest database) : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _directory.Dispose();

    // Between the rule's creation and the end the service makes about fifteen transactions: evaluation, outboxes, deliveries. Each is a place to die.
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    [InlineData(6, false)]
    [InlineData(7, true)]
    [InlineData(8, false)]
    [InlineData(9, true)]
    [InlineData(11, false)]
    [InlineData(13, true)]
    public async Task Killed_at_any_transaction_fires_once_notifies_once_resolves_once(int transaction, bool afterCommit)
    {
        await using var hook = await WebhookReceiver.StartAsync();
        var millrace = await Installation.StartAsync(database, _directory, _time, crashing: true);
        try
        {
            await millrace.ReceiverAsync(hook);
            await millrace.PurchaseRuleAsync();
            await AlertFlowTests.RulesAreTakenAsync(millrace);
            var first = millrace;
            first.Database!.CrashAt(transaction, afterCommit);
            foreach (var count in new ulong[] { 1, 9, 9, 9, 9, 9, 1, 1 })
            {
                await millrace.SecondAsync(count);
                await millrace.AdvanceUntilAsync(async () => millrace.Crashed || await TryAsync(millrace, millrace.HasSettledAsync), "the window is evaluated");
                if (millrace.Crashed) millrace = await AgainAsync(millrace);
            }
            await millrace.AdvanceUntilAsync(
                async () =>
                {
                    if (millrace.Crashed) millrace = await AgainAsync(millrace);
                    return hook.Count("resolved") == 1 && await TryAsync(millrace, async () => (await millrace.ChangesAsync()).Count == 3);
                },
                "the alert is over and told");

            Assert.True(first.Crashed);
            Assert.Equal(1, hook.Count("firing"));
            Assert.Equal(1, hook.Count("resolved"));
            var changes = await millrace.ChangesAsync();
            Assert.Single(changes.Select(change => change.AlertId).Distinct());
            Assert.Equal([AlertState.Pending, AlertState.Firing, AlertState.Resolved], changes.Select(change => change.State));
        }
        finally
        {
            await millrace.DisposeAsync();
        }
    }

    // The aggregator writes again what it had written since its last checkpoint, and was killed with everything else.
    [Fact]
    public async Task Windows_that_come_again_after_a_restart_raise_nothing_again()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        var before = await Installation.StartAsync(database, _directory, _time);
        await before.ReceiverAsync(hook);
        await before.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(before);
        var start = before.NowMs / 1000 * 1000;
        var windows = new ulong[] { 1, 9, 9, 9, 1, 1, 9, 1 }.Select((count, i) => Installation.Window(start + (i * 1000), count)).ToArray();
        foreach (var window in windows) await before.AppendAsync(window);
        await before.AdvanceUntilAsync(before.HasSettledAsync, "everything is evaluated");
        await before.AdvanceUntilAsync(() => Task.FromResult(hook.Count("resolved") == 1), "a webhook for resolved");
        Assert.Equal(5, (await before.ChangesAsync()).Count);
        await before.DisposeAsync();

        await using var after = await Installation.StartAsync(database, _directory, _time);
        await AlertFlowTests.RulesAreTakenAsync(after);
        foreach (var window in windows) await after.AppendAsync(window);
        // An alert of its own shows that the repetition has been read, and that what is new still counts.
        foreach (var i in Enumerable.Range(windows.Length, 4)) await after.AppendAsync(Installation.Window(start + (i * 1000), i == windows.Length + 3 ? 1UL : 9UL));
        await after.AdvanceUntilAsync(() => Task.FromResult(hook.Count("resolved") == 2), "a webhook for the new alert");

        Assert.Equal(2, hook.Count("firing"));
        Assert.Equal(8, (await after.ChangesAsync()).Count);
    }

    [Fact]
    public async Task Killed_while_it_fires_downtime_is_no_evidence_and_the_alert_goes_on()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        var silence = new Dictionary<string, string?> { ["Millrace:Alerting:SilenceDelay"] = "00:00:04" };
        var before = await Installation.StartAsync(database, _directory, _time, silence);
        await before.ReceiverAsync(hook);
        await before.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(before);
        for (var i = 0; i < 4; i++) await before.SecondAsync(9);
        await before.AlertIsAsync("firing");
        await before.DisposeAsync();

        // Nobody could send for five minutes; then traffic comes back, and stops.
        _time.Advance(TimeSpan.FromMinutes(5));
        await using var after = await Installation.StartAsync(database, _directory, _time, silence, passGrace: false);
        for (var i = 0; i < 3; i++) await after.SecondAsync(9);
        Assert.Equal("firing", (string?)(await after.AlertAsync())!["state"]);
        await after.AlertIsAsync("resolved");

        await after.AdvanceUntilAsync(() => Task.FromResult(hook.Count("resolved") == 1), "a webhook for resolved");
        Assert.Equal(1, hook.Count("firing"));
        await after.AdvanceUntilAsync(async () => (await after.ChangesAsync()).Count == 3, "three changes are published");
    }

    [Fact]
    public async Task Killed_while_absence_is_counted_goes_on_counting()
    {
        var silence = new Dictionary<string, string?> { ["Millrace:Alerting:SilenceDelay"] = "00:00:04", ["Millrace:Alerting:RestartGrace"] = "00:00:00" };
        var before = await Installation.StartAsync(database, _directory, _time, silence);
        await before.PostAsync("/api/v1/rules", """{"name":"silent","kind":"absence","stream":"shop","condition":{"for":"60s"}}""");
        await AlertFlowTests.RulesAreTakenAsync(before);
        await before.PassAsync(TimeSpan.FromSeconds(40));
        Assert.Null(await before.AlertAsync());
        await before.DisposeAsync();

        await using var after = await Installation.StartAsync(database, _directory, _time, silence, passGrace: false);
        var started = after.NowMs;
        await after.AlertIsAsync("firing");

        // By the log's time, whatever the clock did while it was waited for: of the 60 s, 40 had passed, and the time between the two counts for nothing.
        var firing = (await after.ChangesAsync()).Single(change => change.State == Contracts.Protos.AlertState.Firing);
        Assert.InRange(firing.AtMs - started, 0, 55_000);
    }

    [Fact]
    public async Task Killed_before_the_webhook_was_answered_sends_it_again_under_the_same_id()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        using var hold = new SemaphoreSlim(0);
        hook.Respond = _ =>
        {
            hold.Wait(TimeSpan.FromSeconds(60));
            return new WebhookReceiver.Answer(204);
        };
        var before = await Installation.StartAsync(database, _directory, _time);
        await before.ReceiverAsync(hook);
        await before.PurchaseRuleAsync();
        await AlertFlowTests.RulesAreTakenAsync(before);
        for (var i = 0; i < 3; i++) await before.SecondAsync(9);
        await before.AdvanceUntilAsync(() => Task.FromResult(hook.Requests.Count == 1), "the first attempt");
        var stopping = before.DisposeAsync();
        hook.Respond = _ => new WebhookReceiver.Answer(204);
        hold.Release();
        await stopping;

        await using var after = await Installation.StartAsync(database, _directory, _time);
        await after.AdvanceUntilAsync(
            async () => (string?)(await after.GetAsync("/api/v1/deliveries"))["items"]!.AsArray().Single()!["state"] == "delivered", "it is delivered");

        Assert.Single(hook.Requests.Select(request => request.Id).Distinct());
    }

    // What fails because the service was killed meanwhile is no failure.
    private static async Task<bool> TryAsync(Installation millrace, Func<Task<bool>> condition)
    {
        try
        {
            return await condition();
        }
        catch (Exception) when (millrace.Crashed)
        {
            return false;
        }
    }

    private async Task<Installation> AgainAsync(Installation dead)
    {
        await dead.DisposeAsync();
        var again = await Installation.StartAsync(database, _directory, _time, passGrace: false);
        again.EventTimeMs = dead.EventTimeMs;
        return again;
    }
}

public sealed class RestartOnSqliteTests() : RestartTests(new OnSqlite());

public sealed class RestartOnPostgresTests(PostgresFixture postgres) : RestartTests(new OnPostgres(postgres));

using Microsoft.Extensions.DependencyInjection;
using Millrace.Aggregator.Pipeline;
using Millrace.Contracts.Events;
using Millrace.Hosting.Incidents;
using Millrace.Hosting.Rules;
using Xunit;

namespace Millrace.Aggregator.Tests.Pipeline;

/// <summary>The settings by which events are late or duplicates are published for the archiver, and who has others is told.</summary>
public sealed class RulesTests
{
    [Fact]
    public async Task Aggregator_without_settings_publishes_the_default_rules()
    {
        await using var rig = await Rig.CreateAsync();
        await rig.RunUntilAsync(async () => await PublishedAsync(rig) is not null);
        Assert.Equal(EventRules.Default, await PublishedAsync(rig));
    }

    [Fact]
    public async Task Aggregator_publishes_its_settings_and_tells_when_another_has_others()
    {
        await using var rig = await Rig.CreateAsync(
            ("WindowSizes:0", "00:00:10"), ("WindowSizes:1", "00:00:05"), ("OutOfOrderness", "00:00:01"), ("IdleTimeout", "00:00:03"), ("AllowedLateness", "00:01:00"),
            ("DedupHorizon", "01:00:00"), ("DedupCapacity", "1000"));
        await rig.Get<EventRulesStore>().PublishAsync(EventRules.Default, TestContext.Current.CancellationToken);
        var own = new EventRules(new LatenessRules(5_000, 1_000, 3_000, 60_000), 3_600_000, 1_000);
        await rig.RunUntilAsync(async () => await PublishedAsync(rig) != EventRules.Default);
        Assert.Equal(own, await PublishedAsync(rig));

        var incidents = rig.Get<IncidentLog>();
        using var watch = ActivatorUtilities.CreateInstance<RulesWatch>(rig.Get<IServiceProvider>());
        await watch.StartAsync(TestContext.Current.CancellationToken);
        await rig.Get<EventRulesStore>().PublishAsync(own with { DedupCapacity = 2_000 }, TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => Task.FromResult(incidents.Current.Any(incident => incident.Report.Kind == IncidentKinds.RulesDiffer)));
        await rig.Get<EventRulesStore>().PublishAsync(own, TestContext.Current.CancellationToken);
        await rig.UntilAsync(() => Task.FromResult(incidents.Current.All(incident => incident.Report.Kind != IncidentKinds.RulesDiffer)));
        await watch.StopAsync(TestContext.Current.CancellationToken);
    }

    private static Task<EventRules?> PublishedAsync(Rig rig) => rig.Get<EventRulesStore>().FindAsync(TestContext.Current.CancellationToken);
}

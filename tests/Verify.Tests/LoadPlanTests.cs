using Millrace.Verify.Faults;
using Millrace.Verify.Load;

namespace Millrace.Verify.Tests;

public sealed class LoadPlanTests
{
    [Fact]
    public void Plan_of_a_seed_is_the_same_every_time()
    {
        Assert.Equal(Texts(seed: 3, client: 1), Texts(seed: 3, client: 1));
        Assert.NotEqual(Texts(seed: 3, client: 1), Texts(seed: 4, client: 1));
        Assert.NotEqual(Texts(seed: 3, client: 1), Texts(seed: 3, client: 2));
    }

    [Fact]
    public void Plan_has_its_shares_and_no_number_twice()
    {
        var events = Enumerable.Range(0, 3).Select(client => new LoadPlan(7, client, tenants: 2)).SelectMany(plan => Enumerable.Range(0, 50).SelectMany(_ => plan.Next(100).Events)).ToList();
        foreach (var (kind, share) in new[] { (PlannedKind.Malformed, 0.02), (PlannedKind.Duplicate, 0.03), (PlannedKind.Late, 0.02) })
            Assert.InRange(events.Count(planned => planned.Kind == kind) / (double)events.Count, share / 2, share * 2);
        var numbers = events.Where(planned => planned.Kind is PlannedKind.Good or PlannedKind.Late).Select(planned => planned.Number).ToList();
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
        Assert.All(events.Where(planned => planned.Kind == PlannedKind.Duplicate), planned => Assert.Contains(events, other => other.Id == planned.Id && other.Kind != PlannedKind.Duplicate));
    }

    [Fact]
    public void Faults_are_chosen_by_name_and_a_wrong_one_is_told()
    {
        Assert.Empty(FaultCatalog.Choose("none"));
        Assert.Equal(["kill", "pause"], FaultCatalog.Choose("kill,pause").Select(fault => fault.Name));
        Assert.All(FaultCatalog.Choose("point:*"), fault => Assert.StartsWith("point:", fault.Name, StringComparison.Ordinal));
        Assert.Contains("there is no fault 'flood'", Assert.Throws<Millrace.Cli.UsageException>(() => FaultCatalog.Choose("flood")).Message, StringComparison.Ordinal);
        Assert.Equal(FaultCatalog.All.Count, FaultCatalog.All.Select(fault => fault.Name).Distinct().Count());
    }

    private static List<string> Texts(int seed, int client)
    {
        var plan = new LoadPlan(seed, client, tenants: 3);
        return [.. Enumerable.Range(0, 20).Select(_ => plan.Next(10)).SelectMany(batch => batch.Events.Select(planned => $"{batch.Tenant} {batch.Compressed} {EventLines.Line(planned, planned.Stream, 0)}"))];
    }
}

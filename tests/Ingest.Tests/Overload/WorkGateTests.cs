using Millrace.Ingest.Overload;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Overload;

/// <summary>What the gate promises: no tenant is refused, or kept waiting long, for another's load.</summary>
public sealed class WorkGateTests
{
    private const int Capacity = 30_000; // Bytes a millisecond: 30 MB/s.

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public void Noisy_tenant_at_a_hundred_times_its_share_gets_no_quiet_one_refused(int slots)
    {
        var simulation = new GateSimulation(slots, Capacity);
        var noisy = new GateSimulation.Client("noisy", 200_000, Capacity * 100 / 11.0);
        var quiet = Enumerable.Range(0, 10).Select(i => new GateSimulation.Client($"quiet-{i}", 10_000, Capacity / 100.0)).ToArray();

        simulation.Run(5_000, [noisy, .. quiet]);

        Assert.All(quiet, one => Assert.Equal(0, one.Refused));
        // What is at work already, 200 kB in each slot, and one request of each other tenant.
        Assert.All(quiet, one => Assert.InRange(one.LongestWait, 0, (slots * 200_000 / Capacity) + 10));
        Assert.True(noisy.Refused > noisy.Sent / 2, $"{noisy.Refused} of {noisy.Sent}");
        // Nothing is left idle for the quiet ones' sake.
        Assert.InRange((noisy.Served + quiet.Sum(one => one.Served)) / (5_000.0 * Capacity), 0.95, 1);
        // Ten times the wait that is well is the end of any burst.
        Assert.InRange(noisy.LongestWait, 0, 12 * GateSimulation.MaxWait.TotalMilliseconds);
    }

    [Fact]
    public void Tenants_share_by_max_min_fairness_whatever_they_ask_for()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            var clients = Enumerable.Range(0, random.Next(2, 12))
                .Select(i => new GateSimulation.Client($"{i}", random.Next(1_000, 40_000), Capacity * Math.Pow(10, (random.NextDouble() * 3) - 2)))
                .ToArray();
            var simulation = new GateSimulation(random.Next(2, 6), Capacity);

            simulation.Run(4_000, clients);

            var overhead = clients.Max(one => 2048.0 / one.Bytes);
            foreach (var (client, share) in clients.Zip(MaxMin(clients.Select(one => one.Demand), Capacity)))
            {
                var got = client.Served / 4_000.0;
                // Bytes are shared together with the fixed cost of a request, so shares of small requests are a little smaller.
                Assert.True(got >= share * 0.8 / (1 + overhead), $"Seed {seed}: tenant {client.Flow.Tenant} got {got:F0} of its {share:F0}.");
                if (client.Demand < Capacity / (double)clients.Length / (1 + overhead))
                    Assert.True(client.Refused == 0, $"Seed {seed}: tenant {client.Flow.Tenant} asked for less than its share and {client.Refused} of {client.Sent} were refused.");
            }
        }
    }

    [Fact]
    public void Burst_passes_and_a_standing_line_does_not()
    {
        var simulation = new GateSimulation(3, Capacity);
        var burst = new GateSimulation.Client("burst", 500_000, Capacity * 20);
        simulation.Run(60, burst);
        simulation.Run(2_000);
        Assert.Equal((0, true), (burst.Refused, burst.LongestWait > 500));

        var standing = new GateSimulation.Client("standing", 100_000, Capacity * 1.2);
        simulation.Run(5_000, standing);
        Assert.Equal(0, standing.Refused);
        simulation.Run(20_000, standing);
        Assert.InRange(standing.Refused / (double)standing.Sent, 0.08, 0.25);
        standing.LongestWait = 0;
        simulation.Run(5_000, standing);
        Assert.InRange(standing.LongestWait, 150, 400);
    }

    [Fact]
    public void Pace_holds_back_who_asks_for_more_than_its_share_and_nobody_else()
    {
        var simulation = new GateSimulation(3, Capacity, pace: Capacity * 0.2);
        var noisy = new GateSimulation.Client("noisy", 50_000, Capacity * 3);
        var quiet = Enumerable.Range(0, 10).Select(i => new GateSimulation.Client($"quiet-{i}", 5_000, Capacity / 1000.0)).ToArray();

        simulation.Run(10_000, [noisy, .. quiet]);

        Assert.All(quiet, one => Assert.Equal((0, true), (one.Refused, one.LongestWait <= 5)));
        // What the quiet ones take is part of it.
        Assert.InRange((noisy.Served + quiet.Sum(one => one.Served)) / (10_000.0 * Capacity), 0.17, 0.23);
    }

    [Fact]
    public void Tenant_alone_may_have_all_there_is()
    {
        var simulation = new GateSimulation(3, Capacity);
        var only = new GateSimulation.Client("only", 50_000, Capacity * 0.9);

        simulation.Run(2_000, only);

        Assert.Equal(0, only.Refused);
        Assert.InRange(only.LongestWait, 0, 20);
    }

    [Fact]
    public void Retry_after_tells_when_the_work_could_be_done_and_ends_with_the_overload()
    {
        var simulation = new GateSimulation(3, Capacity);
        var noisy = new GateSimulation.Client("noisy", 100_000, Capacity * 3);

        simulation.Run(4_000, noisy);

        // Two thirds are sent away: some 7 s of work, behind what waits.
        Assert.InRange(noisy.LongestRetry, 3, 10);
        simulation.Run(10_000);
        var refused = noisy.Refused;
        var calm = new GateSimulation.Client("calm", 100_000, Capacity * 0.5);
        simulation.Run(1_000, calm);
        Assert.Equal((refused, 0), (noisy.Refused, calm.Refused));
    }

    [Fact]
    public async Task Client_that_goes_while_it_waits_takes_nothing_with_it()
    {
        var gate = new WorkGate(1, new LogWindow(TimeSpan.FromMilliseconds(100)), new ManualTimeProvider());
        var flow = new TenantFlow("acme");
        var other = new TenantFlow("globex");
        Assert.True(gate.TryArrive(flow, 100, GateSimulation.MaxWait, out _));
        await gate.EnterAsync(flow, 100, 100, CancellationToken.None);
        using var gone = new CancellationTokenSource();
        Assert.True(gate.TryArrive(flow, 100, GateSimulation.MaxWait, out _));
        var leaving = gate.EnterAsync(flow, 100, 500, gone.Token);
        Assert.True(gate.TryArrive(other, 100, GateSimulation.MaxWait, out _));
        var staying = gate.EnterAsync(other, 100, 100, CancellationToken.None);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        gate.LeaveWork(flow);
        gate.LeaveLog(100);
        await staying;

        Assert.Equal((0L, 0L, 0), (flow.Pending, other.Pending, gate.Waiting));
        gate.LeaveWork(other);
        gate.LeaveLog(100);
        Assert.True(gate.Enter(flow, 0, 100).Granted.IsCompletedSuccessfully);
    }

    [Fact]
    public void Tenant_with_less_than_its_share_does_not_wait_until_the_log_is_done_with_anothers()
    {
        var window = new LogWindow(TimeSpan.FromMilliseconds(100));
        var gate = new WorkGate(4, window, new ManualTimeProvider());
        var noisy = new TenantFlow("noisy");
        var half = (window.Bytes / 2) - 4096;
        foreach (var _ in (int[])[1, 2])
        {
            Assert.True(gate.Enter(noisy, 0, half).Granted.IsCompletedSuccessfully);
            gate.LeaveWork(noisy);
        }

        // The log's hands are full: the noisy one's next waits, and of a quiet one as much goes in as the reserve has room for.
        var next = gate.Enter(noisy, 0, half);
        Assert.False(next.Granted.IsCompleted);
        Assert.True(gate.Enter(new TenantFlow("quiet"), 0, window.Bytes / 5).Granted.IsCompletedSuccessfully);
        Assert.False(gate.Enter(new TenantFlow("third"), 0, window.Bytes / 5).Granted.IsCompleted);
        Assert.False(next.Granted.IsCompleted);
    }

    [Fact]
    public void Tenant_whose_line_is_shorter_than_the_average_is_never_refused()
    {
        var time = new ManualTimeProvider();
        var gate = new WorkGate(2, new LogWindow(TimeSpan.FromMilliseconds(100)), time);
        var noisy = new TenantFlow("noisy");
        var quiet = new TenantFlow("quiet");
        for (var i = 0; i < 50; i++) gate.Enter(noisy, 0, 1_000_000);
        for (var i = 0; i < 10; i++) gate.Enter(quiet, 0, 1_000_000);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.False(gate.TryArrive(noisy, 100, GateSimulation.MaxWait, out _));
        Assert.True(gate.TryArrive(quiet, 1_000_000, GateSimulation.MaxWait, out _));
        Assert.True(gate.TryArrive(new TenantFlow("new"), 16 << 20, GateSimulation.MaxWait, out _));
    }

    private static IEnumerable<double> MaxMin(IEnumerable<double> demands, double capacity)
    {
        var all = demands.ToArray();
        var level = 0.0;
        for (var left = (Count: all.Length, Capacity: capacity); ;)
        {
            var next = left.Count == 0 ? double.MaxValue : left.Capacity / left.Count;
            var satisfied = all.Where(demand => demand <= next).ToArray();
            var remaining = (Count: all.Length - satisfied.Length, Capacity: capacity - satisfied.Sum());
            level = next;
            if (remaining == left) break;
            left = remaining;
        }

        return all.Select(demand => Math.Min(demand, level));
    }
}

using Millrace.Alerting.Evaluation;
using Millrace.Contracts.Protos;
using Xunit;

namespace Millrace.Alerting.Tests.Evaluation;

public sealed class AlertMachineTests
{
    // One letter a window of a second: B breached, b between the thresholds, c clear, u unknown.
    // The result: the state after each window, p f r i, and ! where an episode was resolved.
    [Theory]
    [InlineData("B", 0, 0, "f")]
    [InlineData("BB", 0, 0, "ff")]
    [InlineData("Bc", 0, 0, "f!")]
    [InlineData("c", 0, 0, "i")]
    [InlineData("b", 0, 0, "i")]
    [InlineData("B", 1, 0, "f")]
    [InlineData("BBB", 3, 0, "ppf")]
    [InlineData("BBc", 3, 0, "ppi")]
    [InlineData("BBcBBB", 3, 0, "ppippf")]
    [InlineData("BBb", 3, 0, "ppi")]
    [InlineData("BBuB", 3, 0, "pppf")]
    [InlineData("BBBBc", 3, 0, "ppff!")]
    [InlineData("BBBbbc", 3, 0, "ppfff!")]
    [InlineData("BcBc", 0, 0, "f!f!")]
    [InlineData("Bcc", 0, 2, "fr!")]
    [InlineData("Bccc", 0, 3, "frr!")]
    [InlineData("BcB", 0, 2, "frf")]
    [InlineData("BcBcc", 0, 2, "frfr!")]
    [InlineData("Bcbc", 0, 3, "frr!")]
    [InlineData("Bcuc", 0, 2, "frr!")]
    [InlineData("Buuc", 0, 0, "fff!")]
    [InlineData("Bc", 0, 1, "f!")]
    public void Step_windows_follow_each_other_states_are_these(string windows, int forSeconds, int keepSeconds, string expected)
    {
        var machine = AlertMachine.New();
        var states = "";
        for (var i = 0; i < windows.Length; i++)
        {
            var outcome = windows[i] switch { 'B' => Outcome.Breached, 'b' => Outcome.Between, 'c' => Outcome.Clear, _ => Outcome.Unknown };
            AlertState? changed = null;
            if (outcome == Outcome.Unknown) machine.Skip(1000);
            else changed = machine.Step(outcome, i * 1000, (i + 1) * 1000, forSeconds * 1000, keepSeconds * 1000);
            states += changed == AlertState.Resolved ? '!' : machine.State switch
            {
                AlertState.Pending => 'p',
                AlertState.Firing => 'f',
                AlertState.Recovering => 'r',
                _ => 'i',
            };
        }

        Assert.Equal(expected, states);
    }

    [Fact]
    public void Step_episode_starts_at_the_first_bad_window()
    {
        var machine = AlertMachine.New();
        machine.Step(Outcome.Breached, 5000, 6000, 2000, 0);
        machine.Step(Outcome.Breached, 6000, 7000, 2000, 0);

        Assert.Equal(AlertState.Firing, machine.State);
        Assert.Equal(5000, machine.StartedMs);
    }

    [Fact]
    public void IsSettledUnder_more_of_the_same_changes_nothing()
    {
        foreach (var outcome in new[] { Outcome.Breached, Outcome.Between, Outcome.Clear })
        {
            var machine = AlertMachine.New();
            var at = 0L;
            for (; at < 10_000 && !machine.IsSettledUnder(outcome); at += 1000) machine.Step(outcome, at, at + 1000, 3000, 3000);

            Assert.True(machine.IsSettledUnder(outcome));
            Assert.Null(machine.Step(outcome, at, at + 1000, 3000, 3000));
        }
    }
}

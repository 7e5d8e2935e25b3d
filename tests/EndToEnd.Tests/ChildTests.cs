using Millrace.Testing;
using Xunit;

namespace Millrace.EndToEnd.Tests;

/// <summary>No process outlives the one that started it. What kill -9 costs, Verify.Tests tell.</summary>
public sealed class ChildTests
{
    [Fact]
    public async Task Stop_ends_cleanly_and_leaves_no_child_behind()
    {
        using var data = new TempDirectory();
        await using var millrace = await Installation.StartAsync(data.Path);
        var children = Processes.ChildrenOf(millrace.ProcessId);
        Assert.NotEmpty(children);
        Assert.Equal(0, await millrace.StopAsync());
        await Eventually.TrueAsync(() => children.All(child => !Processes.IsAlive(child)), what: "children gone");
    }

    [Fact]
    public async Task Killed_parent_takes_its_child_along()
    {
        using var data = new TempDirectory();
        await using var millrace = await Installation.StartAsync(data.Path);
        var children = Processes.ChildrenOf(millrace.ProcessId);
        Processes.KillAlone(millrace.ProcessId);
        await Eventually.TrueAsync(() => children.All(child => !Processes.IsAlive(child)), what: "children gone");
    }
}

using Millrace.Fuzz.Engine;
using Xunit;

namespace Millrace.Fuzz.Tests;

/// <summary>Every target with a few thousand inputs; <c>./millrace fuzz</c> tries millions.</summary>
public sealed class ParserTests
{
    private const int Inputs = 10_000;

    // A seed of its own, so that the tests add to what the long runs have tried.
    private const long Seed = 20_260_131;

    public static TheoryData<string> Names => [.. TargetList.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parser_holds_what_it_promises_for_any_input(string name)
    {
        using var target = TargetList.Make(name);
        using var run = new TargetRun(target, Seed);
        var findings = new List<string>();
        for (var index = 0; index < Inputs * target.Share && findings.Count == 0; index++)
        {
            if (run.Try(index) is { } finding) findings.Add($"{finding.Message} (./millrace fuzz {name} --repeat {finding.Position})");
        }

        Assert.Empty(findings);
        Assert.True(run.Accepted > 0, "nothing was accepted: the inputs are not good enough");
    }
}

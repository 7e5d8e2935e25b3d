using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>A named fault point is a place in the code, and stands in docs/guarantees.md with what holds there.</summary>
public sealed partial class FaultPointTests
{
    private const string Names = "shared/Hosting/Faults/FaultPointNames.cs";

    [Fact]
    public void Fault_point_is_reached_somewhere_and_documented()
    {
        var page = File.ReadAllText(Repository.FullPath("docs/guarantees.md"));
        var names = Repository.Sources.Single(source => source.Path == Names);
        var others = Repository.Sources.Where(source => source.Path.StartsWith("services/", StringComparison.Ordinal)).ToList();
        var violations = new Violations("A fault point is a place in a service and a row in docs/guarantees.md.");
        var points = Point().Matches(names.Text);
        Assert.NotEmpty(points);
        foreach (Match point in points)
        {
            var line = names.LineAt(point.Index);
            if (!others.Any(source => source.Text.Contains($"FaultPointNames.{point.Groups["constant"].Value}", StringComparison.Ordinal)))
                violations.Add(Names, line, $"no service reaches {point.Groups["name"].Value}.");
            if (!page.Contains($"| `{point.Groups["name"].Value}` |", StringComparison.Ordinal))
                violations.Add(Names, line, $"{point.Groups["name"].Value} has no row in docs/guarantees.md.");
        }

        violations.Verify();
    }

    [GeneratedRegex("public const string (?<constant>\\w+) = \"(?<name>[a-z.]+)\";")]
    private static partial Regex Point();
}

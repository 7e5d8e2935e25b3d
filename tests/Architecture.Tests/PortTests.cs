using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>
/// One contract suite a port, run over every adapter. Ports are the interfaces of shared/Ports; one that only appears in the members of another
/// port (such as a consumer that the log opens) is tested with that.
/// </summary>
public sealed partial class PortTests
{
    private static readonly IReadOnlyList<SourceFile> PortFiles = In("shared/Ports/");

    [Fact]
    public void Adapter_implementing_a_port_runs_its_contract_suite()
    {
        var violations = new Violations("Every implementation of a port in shared/adapters runs that port's contract suite.");
        var implementations = (from source in In("shared/adapters/")
                               from type in Types(source)
                               from port in Ports()
                               where type.Bases.Contains(port)
                               select (Source: source, type.Name, type.Line, Port: port)).ToList();
        Assert.NotEmpty(implementations);
        foreach (var (source, name, line, port) in implementations)
        {
            var suite = SuiteOf(port);
            var adapter = Repository.ProjectOf(source.Path)!;
            if (Suites().All(known => known.Name != suite))
                violations.Add(source.Path, line, $"{name} implements {port}, which has no suite: write tests/Contract.Suites/{suite}.cs.");
            else if (!Subclasses(suite).Any(test => test.References.Any(reference => reference.Target == adapter.Path)))
                violations.Add(source.Path, line, $"{name} implements {port}: derive a test from {suite} in a test project that references {adapter.Name}.");
        }

        violations.Verify();
    }

    [Fact]
    public void Suite_belongs_to_a_port()
    {
        var violations = new Violations("Each contract suite is named after a port.");
        foreach (var suite in Suites().Where(suite => Ports().All(port => SuiteOf(port) != suite.Name)))
            violations.Add(suite.File, suite.Line, $"there is no port I{suite.Name[..^"Contract".Length]} in shared/Ports.");
        violations.Verify();
    }

    [Fact]
    public void Ports_are_found() => Assert.Superset(
        new HashSet<string> { "IEventLog", "IObjectStore", "IMetadataDatabase", "INotificationBus", "IClickHouse" }, Ports().ToHashSet());

    private static string SuiteOf(string port) => port[1..] + "Contract";

    private static IReadOnlyList<string> Ports()
    {
        var interfaces = PortFiles.SelectMany(Interfaces).ToList();
        return [.. interfaces.Select(one => one.Name).Where(name => !interfaces.Any(other => other.Name != name && Regex.IsMatch(other.Body, $@"\b{name}\b")))];
    }

    private static IEnumerable<(string Name, string Body)> Interfaces(SourceFile source)
    {
        foreach (Match match in Interface().Matches(source.Code))
        {
            var next = source.Code.IndexOf("\n}", match.Index, StringComparison.Ordinal);
            yield return (match.Groups["name"].Value, source.Code[match.Index..(next < 0 ? source.Code.Length : next)]);
        }
    }

    private static IEnumerable<(string Name, string File, int Line)> Suites() =>
        from source in In("tests/Contract.Suites/")
        from Match match in AbstractClass().Matches(source.Code)
        where match.Groups["name"].Value.EndsWith("Contract", StringComparison.Ordinal)
        select (match.Groups["name"].Value, source.Path, source.LineAt(match.Index));

    private static IEnumerable<Project> Subclasses(string suite) =>
        (from source in In("tests/")
         from type in Types(source)
         where type.Bases.Contains(suite)
         select Repository.ProjectOf(source.Path)).OfType<Project>();

    private static IEnumerable<(string Name, IReadOnlyList<string> Bases, int Line)> Types(SourceFile source)
    {
        foreach (Match match in Class().Matches(source.Code))
        {
            // Generic arguments and constructor arguments are no bases.
            var bases = Arguments().Replace(match.Groups["bases"].Value, "");
            yield return (
                match.Groups["name"].Value,
                [.. bases.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('.')[^1])],
                source.LineAt(match.Index));
        }
    }

    private static IReadOnlyList<SourceFile> In(string folder) =>
        [.. Repository.Sources.Where(source => source.Path.StartsWith(folder, StringComparison.Ordinal))];

    [GeneratedRegex(@"\bpublic\s+(partial\s+)?interface\s+(?<name>I\w+)")]
    private static partial Regex Interface();

    [GeneratedRegex(@"\babstract\s+(partial\s+)?class\s+(?<name>\w+)")]
    private static partial Regex AbstractClass();

    [GeneratedRegex(@"\b(class|record|struct)\s+(?<name>\w+)(<[^>]*>)?\s*(\((?>[^()]+|(?<open>\()|(?<-open>\)))*(?(open)(?!))\))?\s*:\s*(?<bases>[^{;]+?)\s*(\{|;|\bwhere\b)")]
    private static partial Regex Class();

    [GeneratedRegex(@"<[^<>]*>|\([^()]*\)")]
    private static partial Regex Arguments();
}

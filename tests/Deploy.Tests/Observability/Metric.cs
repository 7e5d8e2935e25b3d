using System.Text.RegularExpressions;
using Millrace.Deploy.Tests.Support;
using Millrace.Hosting.Metrics;

namespace Millrace.Deploy.Tests.Observability;

/// <summary>An instrument in the code, and the name that <c>/metrics</c> gives it.</summary>
internal sealed partial record Metric(string Instrument, string Name, string Kind, string Description, string Where)
{
    /// <summary>Every instrument of the product, by name.</summary>
    public static IReadOnlyList<Metric> All { get; } =
        [.. Find().GroupBy(metric => metric.Name, StringComparer.Ordinal).Select(group => group.First()).OrderBy(metric => metric.Name, StringComparer.Ordinal)];

    /// <summary>The names that queries may use.</summary>
    public static IReadOnlySet<string> Queryable { get; } = All
        .SelectMany(metric => metric.Kind == "histogram" ? new[] { "_bucket", "_sum", "_count" }.Select(suffix => metric.Name + suffix) : [metric.Name])
        .Append("millrace_build_info").ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<Metric> Find()
    {
        string[] roots = ["services", "shared"];
        foreach (var file in roots.SelectMany(root => Directory.EnumerateFiles(Path.Combine(Repository.Root, root), "*.cs", SearchOption.AllDirectories)).Order(StringComparer.Ordinal))
        {
            var path = Path.GetRelativePath(Repository.Root, file);
            if (path.Split('/').Any(part => part is "obj" or "bin" or "node_modules")) continue;
            foreach (Match match in Creation().Matches(File.ReadAllText(file)))
            {
                var literals = Literal().Matches(match.Groups["rest"].Value).Select(literal => literal.Groups["text"].Value).ToList();
                var at = literals.FindIndex(literal => Unit().IsMatch(literal));
                var kind = match.Groups["kind"].Value switch
                {
                    "Counter" or "ObservableCounter" => MetricKind.Counter,
                    "Histogram" => MetricKind.Histogram,
                    "UpDownCounter" or "ObservableUpDownCounter" => MetricKind.UpDown,
                    _ => MetricKind.Gauge,
                };
                var name = match.Groups["name"].Value;
                yield return new Metric(
                    name, PrometheusName.For(name, at < 0 ? null : literals[at], kind), kind is MetricKind.Counter ? "counter" : kind is MetricKind.Histogram ? "histogram" : "gauge",
                    literals.ElementAtOrDefault(at + 1) ?? "", string.Join('/', path.Split('/').Take(path.StartsWith("shared/adapters", StringComparison.Ordinal) ? 3 : 2)));
            }
        }
    }

    [GeneratedRegex("""(?:Create(?<kind>Counter|Histogram|UpDownCounter|ObservableCounter|ObservableGauge|ObservableUpDownCounter)(?:<\w+>)?\(|\bGauge\()\s*"(?<name>millrace\.[a-z0-9_.]+)"(?<rest>.*?)\);""", RegexOptions.Singleline)]
    private static partial Regex Creation();

    [GeneratedRegex("\"(?<text>[^\"]*)\"")]
    private static partial Regex Literal();

    [GeneratedRegex(@"^(\{\w+\}|s|By|1|%)$")]
    private static partial Regex Unit();
}

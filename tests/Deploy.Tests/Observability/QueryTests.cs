using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Observability;

/// <summary>Alert rules and dashboards ask for metrics that exist, in PromQL, and every alert has its runbook.</summary>
public sealed partial class QueryTests
{
    private static readonly IReadOnlyList<JsonNode> Rules = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "deploy/prometheus/rules")).Order()
        .SelectMany(file => Yaml.ReadFile(file).List("groups")).SelectMany(group => group.List("rules"))];

    private static readonly IReadOnlyList<JsonNode> Dashboards = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "deploy/grafana/dashboards")).Order()
        .Select(file => JsonNode.Parse(File.ReadAllText(file))!)];

    // Recorded by our own rules.
    private static readonly HashSet<string> Recorded = [.. Rules.Select(rule => rule.Text("record")).OfType<string>()];

    // .NET's and Prometheus' own; tests/Hosting.Tests finds those of .NET at a running host.
    private static readonly Regex Foreign = ForeignName();

    private static IEnumerable<string> Expressions =>
    [
        .. Rules.Select(rule => rule.Text("expr")!),
        .. Dashboards.SelectMany(board => board.List("panels")).SelectMany(panel => panel.List("targets")).Select(target => target.Text("expr")!),
        .. Yaml.Parse(Repository.Read("deploy/k8s/components/keda/scaled-objects.yaml")).SelectMany(scaled => scaled.List("spec/triggers")).Select(trigger => trigger.Text("metadata/query")).OfType<string>(),
    ];

    [Fact]
    public void Every_metric_that_is_asked_for_exists()
    {
        foreach (var expression in Expressions)
        {
            foreach (var name in Names(expression))
                Assert.True(Metric.Queryable.Contains(name) || Recorded.Contains(name) || Foreign.IsMatch(name), $"There is no {name}: {expression}");
        }
    }

    [Fact]
    public void Runbooks_ask_for_metrics_that_exist()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "runbooks"), "*.md"))
        {
            foreach (var name in OurName().Matches(File.ReadAllText(file)).Select(match => match.Value).Where(name => !Recorded.Contains(name)))
                Assert.True(Metric.Queryable.Contains(name), $"{Path.GetFileName(file)} asks for {name}.");
        }
    }

    [Fact]
    public async Task Every_expression_is_PromQL()
    {
        // Grafana puts these in.
        var plain = Expressions.Select(expression => expression.Replace("$__rate_interval", "5m", StringComparison.Ordinal).Replace("$job", ".*", StringComparison.Ordinal).Replace("$tenant", ".*", StringComparison.Ordinal)).ToArray();
        Assert.Empty(await ParseAsync(plain));
        Assert.Equal(2, (await ParseAsync(["sum(rate(a[5m]) by", "up ==="])).Select(line => line.Split(':')[0]).Distinct().Count());
    }

    [Fact]
    public void Every_alert_has_a_runbook_and_every_runbook_an_alert()
    {
        var alerts = Rules.Where(rule => rule.Text("alert") is not null).ToList();
        foreach (var alert in alerts)
        {
            var name = alert.Text("alert")!;
            Assert.Equal($"docs/runbooks/{name}.md", alert.Text("annotations/runbook_url"));
            Assert.Contains(alert.Text("labels/severity"), new[] { "critical", "warning", "info" });
            Assert.True(alert.Text("annotations/summary")?.Length > 10 && alert.Text("for") is not null, name);
            var page = Repository.Read(alert.Text("annotations/runbook_url")!);
            Assert.StartsWith($"# {name}\n", page, StringComparison.Ordinal);
            Assert.Contains(alert.Text("expr")!, page, StringComparison.Ordinal);
            foreach (var heading in new[] { "## What it means", "## Look", "## Do" }) Assert.Contains(heading, page, StringComparison.Ordinal);
        }

        var pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "runbooks"), "*.md").Select(file => Path.GetFileNameWithoutExtension(file)).Where(name => name != "README");
        Assert.Equal(alerts.Select(alert => alert.Text("alert")).Order(), pages.Order());
        var index = Repository.Read("docs/runbooks/README.md");
        Assert.All(alerts, alert => Assert.Contains($"[{alert.Text("alert")}]({alert.Text("alert")}.md) | {alert.Text("labels/severity")} |", index, StringComparison.Ordinal));
    }

    [Fact]
    public void Prometheus_operator_gets_the_same_rules()
    {
        var rules = Yaml.ReadFile(Path.Combine(Repository.Kubernetes, "components/monitoring/rules.yaml")).At("spec/groups")!;
        var files = new JsonArray([.. new[] { "slo", "alerts" }.SelectMany(file => Yaml.ReadFile(Path.Combine(Repository.Root, $"deploy/prometheus/rules/{file}.yaml")).List("groups")).Select(group => group.DeepClone())]);
        Assert.True(JsonNode.DeepEquals(files, rules), "deploy/k8s/components/monitoring/rules.yaml and deploy/prometheus/rules differ.");
    }

    [Fact]
    public void Freshness_has_a_bucket_at_its_objective() =>
        Assert.Matches(@"millrace\.gateway\.freshness""[\s\S]*?HistogramBucketBoundaries = \[[^\]]*\b2,", Repository.Read("services/realtime-gateway/RealtimeGateway/GatewayMetrics.cs"));

    [Fact]
    public void Dashboards_have_names_of_their_own_and_whole_panels()
    {
        Assert.Equal(Dashboards.Count, Dashboards.Select(board => board.Text("uid")).Distinct().Count());
        foreach (var board in Dashboards)
        {
            var panels = board.List("panels").ToList();
            Assert.Equal(panels.Count, panels.Select(panel => panel.Text("id")).Distinct().Count());
            Assert.All(panels, panel => Assert.True(panel.Text("title")?.Length > 2 && panel.List("targets").Any() && panel.Text("datasource/uid") == "prometheus", board.Text("title")));
            // No two in one place.
            Assert.All(panels, panel => Assert.DoesNotContain(panels, other => other != panel && Overlap(panel, other)));
        }
    }

    private static bool Overlap(JsonNode a, JsonNode b)
    {
        return Cross("x", "w") && Cross("y", "h");
        bool Cross(string from, string size) =>
            a.Number($"gridPos/{from}") < b.Number($"gridPos/{from}") + b.Number($"gridPos/{size}") && b.Number($"gridPos/{from}") < a.Number($"gridPos/{from}") + a.Number($"gridPos/{size}");
    }

    private static IEnumerable<string> Names(string expression) =>
        Name().Matches(Quoted().Replace(expression, "\"\"")).Select(match => match.Value).Where(name => name.Contains('_', StringComparison.Ordinal) || name == "up").Where(name => !Functions.Contains(name));

    private static readonly HashSet<string> Functions = ["histogram_quantile", "http_route", "http_response_status_code", "__rate_interval"];

    private static Task<IReadOnlyList<string>> ParseAsync(IReadOnlyList<string> expressions) => NodeScript.RunAsync("promql.mjs", JsonSerializer.Serialize(expressions));

    [GeneratedRegex(@"^(up|dotnet_\w+|kestrel_\w+|http_server_\w+)$")]
    private static partial Regex ForeignName();

    [GeneratedRegex(@"[A-Za-z_][\w:]*")]
    private static partial Regex Name();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"millrace_[a-z0-9_]+")]
    private static partial Regex OurName();
}

using System.Text;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Observability;

/// <summary>docs/metrics.md lists every metric. With MILLRACE_WRITE_DOCS=1 it is written anew.</summary>
public sealed class MetricsPageTests
{
    private const string Page = "docs/metrics.md";

    [Fact]
    public void Page_lists_every_metric_as_the_code_has_it()
    {
        var written = Write();
        var path = Path.Combine(Repository.Root, Page);
        if (Environment.GetEnvironmentVariable("MILLRACE_WRITE_DOCS") == "1") File.WriteAllText(path, written);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == written, $"{Page} is stale; run: MILLRACE_WRITE_DOCS=1 ./millrace test Deploy");
    }

    [Fact]
    public void Every_metric_says_what_it_is() => Assert.All(Metric.All, metric => Assert.True(metric.Description.Length > 5, metric.Instrument));

    [Fact]
    public void Names_are_what_a_scrape_shows()
    {
        // Seen at /metrics of a running ingest service and gateway.
        string[] seen = ["millrace_ingest_in_flight_bytes", "millrace_ingest_backlog_seconds", "millrace_eventlog_lag_age_seconds", "millrace_eventlog_size_bytes", "millrace_ingest_requests_total"];
        Assert.Subset(Metric.Queryable.ToHashSet(), seen.ToHashSet());
        Assert.True(Metric.All.Count > 80);
    }

    private static string Write()
    {
        var text = new StringBuilder("""
            # Metrics

            Every service shows its own at `/metrics` in Prometheus' text form, beside those of .NET (`dotnet_…`), the web server (`kestrel_…`, `http_server_…`) and
            `millrace_build_info`; the same go out by OTLP where `Millrace:Telemetry:OtlpEndpoint` is set, by the name with dots. A metric is there from its first measurement on.
            Histograms have `_bucket`, `_sum` and `_count`. Written by tests/Deploy.Tests from the code.

            | Prometheus | OpenTelemetry | kind | meaning | where |
            |---|---|---|---|---|

            """);
        foreach (var metric in Metric.All) text.Append($"| `{metric.Name}` | `{metric.Instrument}` | {metric.Kind} | {metric.Description} | {metric.Where} |\n");
        return text.ToString();
    }
}

using System.Text.RegularExpressions;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Kubernetes;

/// <summary>Every workload has what one in production needs.</summary>
public sealed partial class WorkloadTests
{
    private static readonly Dictionary<string, long> Ports = new(StringComparer.Ordinal)
    {
        ["ingest"] = DefaultPort("services/ingest/Ingest.Host"),
        ["aggregator"] = DefaultPort("services/aggregator/Aggregator.Host"),
        ["realtime-gateway"] = DefaultPort("services/realtime-gateway/RealtimeGateway.Host"),
        ["alerting"] = DefaultPort("services/alerting/Alerting.Host"),
        ["archiver"] = DefaultPort("services/archiver/Archiver.Host"),
    };

    public static TheoryData<string> Overlays => Overlay.Names;

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Overlay_has_the_five_services_at_their_own_ports(string name)
    {
        var overlay = Overlay.Render(name);
        Assert.Equal(Ports.Keys.Order(), overlay.Services.Select(service => service.Name).Order());
        foreach (var service in overlay.Services)
        {
            Assert.Equal(Ports[service.Name], service.Container.List("ports").Single().Number("containerPort"));
            Assert.Equal(Ports[service.Name], overlay.Find("Service", service.Name)!.Json.Number("spec/ports/0/port"));
            Assert.Matches($"^[a-z0-9./-]+/millrace-{service.Name}:[0-9]+\\.[0-9]+\\.[0-9]+$", service.Container.Text("image"));
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Service_asks_the_paths_that_exist_and_tells_alive_from_ready(string name)
    {
        var health = Repository.Read("shared/Hosting/Health/HealthEndpoints.cs");
        foreach (var service in Overlay.Render(name).Services)
        {
            var paths = new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(probe => service.Container.Text($"{probe}/httpGet/path")).ToList();
            Assert.Equal(3, paths.Distinct().Count());
            Assert.All(paths, path => Assert.Contains($"MapGet(\"{path}\"", health, StringComparison.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Workload_is_restricted_and_has_resources_and_no_token(string name)
    {
        foreach (var workload in Overlay.Render(name).Workloads)
        {
            Assert.True(workload.Pod.Text("automountServiceAccountToken") == "false", $"{workload}: a token.");
            Assert.True(workload.Pod.Text("serviceAccountName") is not (null or "default"), $"{workload}: no account of its own.");
            Assert.Equal("true", workload.Pod.Text("securityContext/runAsNonRoot"));
            Assert.Equal("RuntimeDefault", workload.Pod.Text("securityContext/seccompProfile/type"));
            Assert.True(workload.Pod.Number("securityContext/runAsUser") > 0);
            var container = workload.Container;
            Assert.Equal("false", container.Text("securityContext/allowPrivilegeEscalation"));
            Assert.Equal("true", container.Text("securityContext/readOnlyRootFilesystem"));
            Assert.Equal("ALL", container.Text("securityContext/capabilities/drop/0"));
            Assert.NotNull(container.Text("resources/requests/cpu"));
            Assert.NotNull(container.Text("resources/requests/memory"));
            Assert.NotNull(container.Text("resources/limits/memory"));
            Assert.DoesNotContain(":latest", container.Text("image")!, StringComparison.Ordinal);
            Assert.Contains(':', container.Text("image")!);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Service_is_spread_scaled_and_kept_by_a_budget(string name)
    {
        var overlay = Overlay.Render(name);
        foreach (var service in overlay.Services)
        {
            Assert.Equal(["topology.kubernetes.io/zone", "kubernetes.io/hostname"], service.Pod.List("topologySpreadConstraints").Select(spread => spread.Text("topologyKey")));
            Assert.All(service.Pod.List("topologySpreadConstraints"), spread => Assert.True(Selectors.Matches(spread.At("labelSelector"), service.PodLabels)));
            Assert.Single(overlay.OfKind("PodDisruptionBudget"), budget => Selectors.Matches(budget.Json.At("spec/selector"), service.PodLabels));
            Assert.Null(service.Json.At("spec/replicas"));
            var scalers = overlay.Objects.Where(found => found.Kind is "HorizontalPodAutoscaler" or "ScaledObject" && found.Json.Text("spec/scaleTargetRef/name") == service.Name).ToList();
            var scaler = Assert.Single(scalers);
            Assert.Equal(service.Kind, scaler.Json.Text("spec/scaleTargetRef/kind"));
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Consumers_have_names_that_stay_and_no_more_instances_than_partitions(string name)
    {
        var overlay = Overlay.Render(name);
        var partitions = int.Parse(EventPartitions().Match(Repository.Read("docs/kafka.md")).Groups["count"].Value, System.Globalization.CultureInfo.InvariantCulture);
        foreach (var service in overlay.Services)
        {
            var instance = service.Container.List("env").SingleOrDefault(variable => variable.Text("name") == "Millrace__Kafka__InstanceId");
            Assert.Equal(service.Kind == "StatefulSet", instance is not null);
            if (instance is null) continue;
            Assert.Equal("metadata.name", instance.Text("valueFrom/fieldRef/fieldPath"));
            Assert.NotNull(overlay.Find("Service", service.Json.Text("spec/serviceName")));
            var scaler = overlay.Objects.Single(found => found.Kind is "HorizontalPodAutoscaler" or "ScaledObject" && found.Json.Text("spec/scaleTargetRef/name") == service.Name);
            Assert.True((scaler.Json.Number("spec/maxReplicas") ?? scaler.Json.Number("spec/maxReplicaCount")) <= partitions, $"{service}: more instances than partitions.");
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Grace_holds_the_sleep_the_shutdown_and_the_drain(string name)
    {
        var overlay = Overlay.Render(name);
        var shutdown = int.Parse(ShutdownTimeout().Match(Repository.Read("shared/Hosting/MillraceHost.cs")).Groups["seconds"].Value, System.Globalization.CultureInfo.InvariantCulture);
        var drain = TimeSpan.Parse(Config.Of(overlay).GetValueOrDefault("Millrace__Gateway__Drain__Timeout", "00:00:10"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(drain.TotalSeconds < shutdown, $"The drain ({drain}) must end before the host is out of time ({shutdown} s).");
        foreach (var service in overlay.Services)
        {
            var sleep = service.Container.Number("lifecycle/preStop/sleep/seconds");
            Assert.NotNull(sleep);
            Assert.True(service.Pod.Number("terminationGracePeriodSeconds") >= sleep + shutdown + 5, $"{service}: killed before it has stopped.");
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Database_bears_the_connections_of_all_instances(string name)
    {
        var overlay = Overlay.Render(name);
        if (overlay.OfKind("Cluster").SingleOrDefault() is not { } postgres) return;
        var pool = int.Parse(Config.Of(overlay)["Millrace__Postgres__MaxPoolSize"], System.Globalization.CultureInfo.InvariantCulture);
        var instances = overlay.Objects.Sum(found => (found.Kind == "HorizontalPodAutoscaler" ? found.Json.Number("spec/maxReplicas") : null) ?? found.Json.Number("spec/maxReplicaCount") ?? 0);
        Assert.True(instances * (pool + 1) <= postgres.Json.Number("spec/postgresql/parameters/max_connections"), $"{instances} instances take {instances * (pool + 1)} connections.");
    }

    private static long DefaultPort(string host) =>
        long.Parse(Port().Match(Repository.Read(host + "/Program.cs")).Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"defaultPort: (?<port>\d+)")]
    private static partial Regex Port();

    [GeneratedRegex(@"ShutdownTimeout = TimeSpan\.FromSeconds\((?<seconds>\d+)\)")]
    private static partial Regex ShutdownTimeout();

    [GeneratedRegex(@"\| `millrace\.events` \| (?<count>\d+) \|")]
    private static partial Regex EventPartitions();
}

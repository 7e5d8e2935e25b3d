using System.Text.Json.Nodes;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Kubernetes;

/// <summary>Nothing but the flows that exist.</summary>
public sealed class NetworkPolicyTests
{
    private const string Role = "app.kubernetes.io/name";

    // Who calls whom inside the namespace, and where. The labels of an operator's pods are what its documentation says.
    private static readonly HashSet<string> Flows = new(StringComparer.Ordinal)
    {
        "realtime-gateway>ingest:8081", "realtime-gateway>alerting:8084", "realtime-gateway>archiver:8085",
    };

    private static readonly string[] Everyone = ["ingest", "aggregator", "realtime-gateway", "alerting", "archiver"];

    private static readonly HashSet<string> FlowsToServers =
    [
        .. Flows,
        .. Everyone.Select(service => service + ">kafka:9093"),
        .. Everyone.Select(service => service + ">postgres:5432"),
        "alerting>rabbitmq:5672", "archiver>clickhouse:8123", "archiver>minio:9000",
    ];

    private static readonly Dictionary<string, Dictionary<string, string>> Servers = new(StringComparer.Ordinal)
    {
        ["kafka"] = new() { ["strimzi.io/cluster"] = "millrace-kafka" },
        ["postgres"] = new() { ["cnpg.io/cluster"] = "millrace-postgres" },
        ["rabbitmq"] = new() { [Role] = "millrace-rabbitmq" },
        ["clickhouse"] = new() { ["clickhouse.altinity.com/chi"] = "millrace" },
        ["minio"] = new() { [Role] = "minio" },
    };

    public static TheoryData<string> Overlays => Overlay.Names;

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Everything_is_denied_that_no_policy_allows(string name)
    {
        var deny = Overlay.Render(name).Find("NetworkPolicy", "default-deny")!.Json;
        Assert.Empty(deny.At("spec/podSelector")!.AsObject());
        Assert.Equal(["Ingress", "Egress"], deny.List("spec/policyTypes").Select(type => type.GetValue<string>()));
        Assert.Null(deny.At("spec/ingress"));
        Assert.Null(deny.At("spec/egress"));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Services_may_speak_to_exactly_whom_they_speak_to(string name)
    {
        var overlay = Overlay.Render(name);
        var inCluster = overlay.OfKind("Kafka").Any();
        var pods = overlay.Services.ToDictionary(service => service.Name, service => service.PodLabels);
        var targets = pods.ToDictionary(pair => pair.Key, pair => pair.Value);
        if (inCluster) foreach (var (server, labels) in Servers) targets[server] = labels;

        var flows = new HashSet<string>(StringComparer.Ordinal);
        foreach (var policy in overlay.OfKind("NetworkPolicy"))
        {
            foreach (var (source, labels) in pods.Where(pod => Selectors.Matches(policy.Json.At("spec/podSelector"), pod.Value)))
            {
                foreach (var rule in policy.Json.List("spec/egress"))
                {
                    Assert.True(rule.List("to").Any() && rule.List("ports").Any(), $"{policy} lets {source} go anywhere.");
                    foreach (var peer in rule.List("to").Where(peer => peer.At("podSelector") is not null && peer.At("namespaceSelector") is null))
                        foreach (var (target, _) in targets.Where(target => Selectors.Matches(peer.At("podSelector"), target.Value)))
                            flows.UnionWith(rule.List("ports").Select(port => $"{source}>{target}:{port.Text("port")}"));
                }
            }
        }

        Assert.Equal((inCluster ? FlowsToServers : Flows).Order(), flows.Order());
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Flow_out_of_one_pod_is_let_into_the_other(string name)
    {
        var overlay = Overlay.Render(name);
        foreach (var flow in Flows)
        {
            var (source, target, port) = (flow.Split('>')[0], flow.Split('>', ':')[1], flow.Split(':')[1]);
            var to = overlay.Services.Single(service => service.Name == target);
            var from = overlay.Services.Single(service => service.Name == source);
            var let = overlay.OfKind("NetworkPolicy").Where(policy => Selectors.Matches(policy.Json.At("spec/podSelector"), to.PodLabels)).SelectMany(policy => policy.Json.List("spec/ingress"))
                .Where(rule => rule.List("from").Any(peer => peer.At("namespaceSelector") is null && peer.At("podSelector") is not null && Selectors.Matches(peer.At("podSelector"), from.PodLabels)));
            Assert.Contains(let.SelectMany(rule => rule.List("ports")), allowed => Number(allowed, to) == port);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Policy_speaks_of_pods_that_there_are(string name)
    {
        var overlay = Overlay.Render(name);
        IReadOnlyDictionary<string, string>[] known =
        [
            .. overlay.Workloads.Select(workload => workload.PodLabels),
            .. Servers.Values, new Dictionary<string, string> { ["clickhouse-keeper.altinity.com/chk"] = "millrace" },
            new Dictionary<string, string> { ["acme.cert-manager.io/http01-solver"] = "true" },
        ];
        foreach (var policy in overlay.OfKind("NetworkPolicy"))
        {
            var selectors = policy.Json.List("spec/ingress").SelectMany(rule => rule.List("from")).Concat(policy.Json.List("spec/egress").SelectMany(rule => rule.List("to")))
                .Where(peer => peer.At("namespaceSelector") is null).Select(peer => peer.At("podSelector")).Append(policy.Json.At("spec/podSelector")).OfType<JsonObject>();
            foreach (var selector in selectors) Assert.True(known.Any(labels => Selectors.Matches(selector, labels)), $"{policy} selects nobody: {selector.ToJsonString()}");
        }
    }

    private static string? Number(JsonNode port, Manifest pod) =>
        pod.Container.List("ports").SingleOrDefault(exposed => exposed.Text("name") == port.Text("port"))?.Text("containerPort") ?? port.Text("port");
}

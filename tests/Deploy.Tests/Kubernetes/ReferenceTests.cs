using System.Text.Json.Nodes;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Kubernetes;

/// <summary>What one object names, another is.</summary>
public sealed class ReferenceTests
{
    // Secrets that operators make, with the object that has them made.
    private static readonly (string Secret, string Kind, string Name)[] MadeByOperators =
    [
        ("millrace-kafka", "KafkaUser", "millrace-kafka"),
        ("millrace-kafka-cluster-ca-cert", "Kafka", "millrace-kafka"),
        ("millrace-postgres-app", "Cluster", "millrace-postgres"),
        ("millrace-postgres-ca", "Cluster", "millrace-postgres"),
        ("millrace-rabbitmq-default-user", "RabbitmqCluster", "millrace-rabbitmq"),
        ("millrace-tls", "Certificate", "millrace"),
    ];

    public static TheoryData<string> Overlays => Overlay.Names;

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Objects_have_names_of_their_own_and_one_namespace(string name)
    {
        var overlay = Overlay.Render(name);
        var space = overlay.OfKind("Namespace").Single().Name;
        Assert.All(overlay.Objects.Where(found => found.Kind != "Namespace"), found => Assert.Equal(space, found.Json.Text("metadata/namespace")));
        Assert.Equal(overlay.Objects.Count, overlay.Objects.Select(found => found.ToString()).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void ConfigMaps_secrets_and_accounts_that_pods_name_are_made(string name)
    {
        var overlay = Overlay.Render(name);
        foreach (var workload in overlay.Workloads)
        {
            var container = workload.Container;
            foreach (var map in container.List("envFrom").Select(source => source.Text("configMapRef/name"))
                .Concat(workload.Pod.List("volumes").Select(volume => volume.Text("configMap/name"))).OfType<string>())
                Assert.True(overlay.Find("ConfigMap", map) is not null, $"{workload} names ConfigMap {map}.");
            foreach (var reference in container.List("env").Select(variable => variable.At("valueFrom/secretKeyRef")).OfType<JsonObject>())
                RequireSecret(overlay, workload, reference.Text("name")!, reference.Text("key")!);
            foreach (var volume in workload.Pod.List("volumes").Where(volume => volume.At("secret") is not null))
                RequireSecret(overlay, workload, volume.Text("secret/secretName")!, volume.Text("secret/items/0/key")!);
            Assert.NotNull(overlay.Find("ServiceAccount", workload.Pod.Text("serviceAccountName")));
            var volumes = workload.Pod.List("volumes").Concat(workload.Json.List("spec/volumeClaimTemplates").Select(claim => claim.At("metadata")!)).Select(volume => volume.Text("name"));
            Assert.Equal(volumes.Order(), container.List("volumeMounts").Select(mount => mount.Text("name")).Order());
        }

        foreach (var user in overlay.OfKind("ClickHouseInstallation").SelectMany(chi => chi.Json.At("spec/configuration/users")!.AsObject()))
        {
            if (user.Value.At("valueFrom/secretKeyRef") is { } reference) RequireSecret(overlay, overlay.OfKind("ClickHouseInstallation").Single(), reference.Text("name")!, reference.Text("key")!);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Services_budgets_and_scalers_find_their_pods(string name)
    {
        var overlay = Overlay.Render(name);
        foreach (var service in overlay.OfKind("Service").Where(service => service.Json.At("spec/selector") is not null))
        {
            var workload = Assert.Single(overlay.Workloads, workload => service.Json.Map("spec/selector").All(pair => workload.PodLabels.GetValueOrDefault(pair.Key) == pair.Value));
            foreach (var port in service.Json.List("spec/ports"))
                Assert.Contains(workload.Container.List("ports"), exposed => exposed.Text("name") == port.Text("targetPort"));
        }

        foreach (var workload in overlay.Workloads.Where(workload => workload.Kind != "Job"))
            Assert.True(Selectors.Matches(workload.Json.At("spec/selector"), workload.PodLabels), $"{workload}: its selector misses its own pods.");
        foreach (var budget in overlay.OfKind("PodDisruptionBudget"))
            Assert.Single(overlay.Workloads, workload => Selectors.Matches(budget.Json.At("spec/selector"), workload.PodLabels));
        foreach (var scaler in overlay.OfKind("HorizontalPodAutoscaler").Concat(overlay.OfKind("ScaledObject")))
            Assert.NotNull(overlay.Find(scaler.Json.Text("spec/scaleTargetRef/kind")!, scaler.Json.Text("spec/scaleTargetRef/name")));
        foreach (var monitor in overlay.OfKind("ServiceMonitor"))
        {
            var watched = overlay.OfKind("Service").Where(service => Selectors.Matches(monitor.Json.At("spec/selector"), service.Labels)).ToList();
            Assert.Equal(overlay.Services.Select(service => service.Name).Order(), watched.Select(service => service.Name).Order());
            Assert.All(watched, service => Assert.Contains(service.Json.List("spec/ports"), port => port.Text("name") == monitor.Json.Text("spec/endpoints/0/port")));
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Ingress_leads_each_path_where_the_gateway_would_forward_it(string name)
    {
        var overlay = Overlay.Render(name);
        var ingress = overlay.OfKind("Ingress").Single().Json;
        var paths = ingress.List("spec/rules/0/http/paths").ToDictionary(path => path.Text("path")!, path => path.Text("backend/service/name")!);
        foreach (var (path, service) in paths)
            Assert.True(overlay.Find("Service", service)?.Json.List("spec/ports").Any(port => port.Text("name") == "http"), $"{path} leads to {service}.");

        Assert.Equal("realtime-gateway", paths["/"]);
        Assert.Equal("nobody", paths["/metrics"]);
        var forwarded = paths.Where(pair => pair.Key is not ("/" or "/metrics")).GroupBy(pair => pair.Value, pair => pair.Key);
        var source = Repository.Read("services/realtime-gateway/RealtimeGateway/Forwarding/ServiceForwarder.cs");
        foreach (var group in forwarded)
        {
            var line = source.Split('\n').Single(line => line.Contains($"self.Map(endpoints, \"{group.Key}\"", StringComparison.Ordinal));
            var known = line.Split('"').Where(part => part.StartsWith('/'));
            Assert.Equal(known.Order(), group.Order());
        }

        Assert.Equal(3, forwarded.Count());
        var host = ingress.Text("spec/rules/0/host");
        if (overlay.OfKind("Certificate").SingleOrDefault() is { } certificate)
        {
            Assert.Equal(host, certificate.Json.Text("spec/dnsNames/0"));
            Assert.Equal(host, ingress.Text("spec/tls/0/hosts/0"));
            Assert.Equal(certificate.Json.Text("spec/secretName"), ingress.Text("spec/tls/0/secretName"));
        }

        Assert.DoesNotContain(ingress.Map("metadata/annotations").Keys, key => key.Contains("affinity", StringComparison.Ordinal) || key.Contains("sticky", StringComparison.Ordinal));
    }

    private static void RequireSecret(Overlay overlay, Manifest user, string secret, string key)
    {
        var generated = overlay.Find("Secret", secret) is { } made && (made.Json.At("data") as JsonObject)?.ContainsKey(key) == true;
        var external = overlay.Find("ExternalSecret", secret)?.Json.List("spec/data").Any(entry => entry.Text("secretKey") == key) == true;
        var byOperator = MadeByOperators.Any(known => known.Secret == secret && overlay.Find(known.Kind, known.Name) is not null);
        Assert.True(new[] { generated, external, byOperator }.Count(made => made) == 1, $"{user} names {key} of Secret {secret}, which must be made by exactly one: here {generated}, elsewhere {external}, an operator {byOperator}.");
    }
}

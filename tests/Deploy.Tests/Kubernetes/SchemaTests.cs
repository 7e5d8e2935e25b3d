using System.Text.Json.Nodes;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Kubernetes;

/// <summary>Every object is what its API takes: no field that is unknown, none missing, none of the wrong kind.</summary>
public sealed class SchemaTests
{
    // No package has their types; docs/kubernetes.md says against what they were read.
    private static readonly string[] WithoutTypes =
    [
        "unchecked: clickhouse-keeper.altinity.com/v1 ClickHouseKeeperInstallation", "unchecked: clickhouse.altinity.com/v1 ClickHouseInstallation",
        "unchecked: kafka.strimzi.io/v1 Kafka", "unchecked: kafka.strimzi.io/v1 KafkaNodePool", "unchecked: kafka.strimzi.io/v1 KafkaUser",
        "unchecked: postgresql.cnpg.io/v1 Cluster", "unchecked: rabbitmq.com/v1beta1 RabbitmqCluster",
    ];

    public static TheoryData<string> Overlays => Overlay.Names;

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Every_object_is_of_its_type(string name)
    {
        var objects = new JsonArray([.. Overlay.Render(name).Objects.Select(found => found.Json.DeepClone())]);
        Assert.All(await CheckAsync(objects), line => Assert.Contains(line, WithoutTypes));
    }

    [Fact]
    public async Task Unknown_missing_and_wrong_fields_are_found()
    {
        var objects = JsonNode.Parse("""
            [{"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"portz":[]}},
             {"apiVersion":"v1","kind":"Service","metadata":{"name":"b"},"spec":{"ports":[{"name":"http"}]}},
             {"apiVersion":"v1","kind":"Service","metadata":{"name":"c"},"spec":{"clusterIP":5}}]
            """)!.AsArray();
        var lines = await CheckAsync(objects);
        Assert.Equal(["Service/a", "Service/b", "Service/c"], lines.Select(line => line.Split(':')[0]).Order());
    }

    private static Task<IReadOnlyList<string>> CheckAsync(JsonArray objects) => NodeScript.RunAsync("check.mjs", objects.ToJsonString());
}

using System.Text.Json.Nodes;

namespace Millrace.Deploy.Tests.Support;

/// <summary>One Kubernetes object.</summary>
internal sealed record Manifest(JsonObject Json)
{
    public string Kind => Json.Text("kind")!;

    public string Name => Json.Text("metadata/name")!;

    public string ApiVersion => Json.Text("apiVersion")!;

    public IReadOnlyDictionary<string, string> Labels => Json.Map("metadata/labels");

    /// <summary>Whether it makes pods.</summary>
    public bool IsWorkload => Kind is "Deployment" or "StatefulSet" or "Job" && ApiVersion is "apps/v1" or "batch/v1";

    /// <summary>Whether it is one of the five services.</summary>
    public bool IsService => IsWorkload && PodLabels.GetValueOrDefault("app.kubernetes.io/part-of") == "millrace";

    public JsonNode? Pod => Json.At("spec/template/spec");

    public IReadOnlyDictionary<string, string> PodLabels => Json.Map("spec/template/metadata/labels");

    public JsonNode Container => Pod.List("containers").Single();

    public override string ToString() => $"{Kind}/{Name}";
}

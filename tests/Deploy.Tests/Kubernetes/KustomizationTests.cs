using System.Text.Json.Nodes;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Kubernetes;

/// <summary>The files of deploy/k8s and their kustomizations name each other.</summary>
public sealed class KustomizationTests
{
    public static TheoryData<string> Folders =>
        [.. Directory.EnumerateFiles(Repository.Kubernetes, "kustomization.yaml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Kubernetes, Path.GetDirectoryName(file)!)).Order()];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Kustomization_names_every_file_of_its_folder_and_only_such_as_are_there(string folder)
    {
        var path = Path.Combine(Repository.Kubernetes, folder);
        var kustomization = Yaml.ReadFile(Path.Combine(path, "kustomization.yaml"));

        var named = Named(kustomization).Select(name => Path.GetFullPath(Path.Combine(path, name))).ToHashSet(StringComparer.Ordinal);
        foreach (var name in named)
            Assert.True(File.Exists(name) || File.Exists(Path.Combine(name, "kustomization.yaml")), $"{folder}/kustomization.yaml names {name}, which is not there.");

        var there = Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "kustomization.yaml" && Nearest(file) == path);
        foreach (var file in there) Assert.True(named.Contains(file), $"{folder}/kustomization.yaml does not name {Path.GetFileName(file)}.");
    }

    [Fact]
    public void Every_folder_is_used_by_an_overlay()
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var overlay in Directory.EnumerateDirectories(Path.Combine(Repository.Kubernetes, "overlays"))) Use(overlay);
        foreach (var folder in Folders)
            Assert.Contains(Path.GetFullPath(Path.Combine(Repository.Kubernetes, folder.Data)), used);

        void Use(string folder)
        {
            if (!used.Add(folder)) return;
            var kustomization = Yaml.ReadFile(Path.Combine(folder, "kustomization.yaml"));
            foreach (var name in Named(kustomization).Select(name => Path.GetFullPath(Path.Combine(folder, name))).Where(Directory.Exists)) Use(name);
        }
    }

    private static IEnumerable<string> Named(JsonObject kustomization) =>
    [
        .. Texts(kustomization.List("resources")),
        .. Texts(kustomization.List("components")),
        .. kustomization.List("patches").Select(patch => patch.Text("path")).OfType<string>(),
        .. kustomization.List("configMapGenerator").Concat(kustomization.List("secretGenerator"))
            .SelectMany(generator => Texts(generator.List("envs")).Concat(Texts(generator.List("files")))),
    ];

    private static IEnumerable<string> Texts(IEnumerable<JsonNode> nodes) => nodes.Select(node => node.GetValue<string>());

    private static string Nearest(string file)
    {
        var folder = Path.GetDirectoryName(file)!;
        while (!File.Exists(Path.Combine(folder, "kustomization.yaml"))) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}

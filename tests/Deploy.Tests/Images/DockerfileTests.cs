using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Images;

/// <summary>Every service has an image, made and run the same way.</summary>
public sealed partial class DockerfileTests
{
    private static readonly Dictionary<string, string> Hosts = new(StringComparer.Ordinal)
    {
        ["ingest"] = "services/ingest/Ingest.Host",
        ["aggregator"] = "services/aggregator/Aggregator.Host",
        ["realtime-gateway"] = "services/realtime-gateway/RealtimeGateway.Host",
        ["alerting"] = "services/alerting/Alerting.Host",
        ["archiver"] = "services/archiver/Archiver.Host",
    };

    /// <summary>Where each service listens by itself.</summary>
    public static IReadOnlyDictionary<string, long> Ports { get; } = Hosts.ToDictionary(
        pair => pair.Key, pair => long.Parse(Port().Match(Repository.Read(pair.Value + "/Program.cs")).Groups["port"].Value, CultureInfo.InvariantCulture));

    public static TheoryData<string> Names => [.. Hosts.Keys];

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "deploy", "docker")).Select(file => Path.GetFileName(file)).Order()];

    [Fact]
    public void There_is_one_for_each_service_and_for_standalone() =>
        Assert.Equal(Hosts.Keys.Append("standalone").Select(name => name + ".Dockerfile").Order(), Files.Select(row => row.Data));

    [Theory]
    [MemberData(nameof(Names))]
    public void Service_is_built_from_its_host_and_asked_at_its_port(string name)
    {
        var text = Repository.Read($"deploy/docker/{name}.Dockerfile");
        var assembly = Path.GetFileNameWithoutExtension(Directory.EnumerateFiles(Path.Combine(Repository.Root, Hosts[name]), "*.csproj").Single()) + ".dll";
        Assert.Contains($"dotnet publish {Hosts[name]} ", text, StringComparison.Ordinal);
        Assert.Contains($"EXPOSE {Ports[name]}\n", text, StringComparison.Ordinal);
        Assert.Contains($"CMD [\"dotnet\", \"/app/{assembly}\", \"--health\", \"{Ports[name]}\"]", text, StringComparison.Ordinal);
        Assert.EndsWith($"ENTRYPOINT [\"dotnet\", \"/app/{assembly}\"]\n", text, StringComparison.Ordinal);
        Assert.Contains($"<ContainerPort Include=\"{Ports[name]}\" Type=\"tcp\" />", Repository.Read($"{Hosts[name]}/{Path.ChangeExtension(assembly, ".csproj")}"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void File_ends_in_a_small_image_without_root_and_with_labels(string file)
    {
        var text = Repository.Read("deploy/docker/" + file);
        var last = text[text.LastIndexOf("\nFROM ", StringComparison.Ordinal)..];
        Assert.StartsWith("\nFROM $RUNTIME_IMAGE\n", last, StringComparison.Ordinal);
        Assert.Contains("ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled\n", text, StringComparison.Ordinal);
        Assert.Contains("USER 1654:1654\n", last, StringComparison.Ordinal);
        Assert.DoesNotContain("\nRUN ", last, StringComparison.Ordinal);
        foreach (var label in new[] { "title", "description", "licenses", "version", "revision" }) Assert.Contains($"org.opencontainers.image.{label}=", last, StringComparison.Ordinal);
        Assert.All(Environment().Matches(last).Where(match => Settings.IsOurs(match.Value) && !match.Value.StartsWith("MILLRACE_", StringComparison.Ordinal)), match => Assert.True(Settings.IsKnown(match.Value), match.Value));
        // What is copied is there.
        foreach (Match copied in Copied().Matches(text)) Assert.True(Path.Exists(Path.Combine(Repository.Root, copied.Groups["path"].Value)), copied.Value);
    }

    [GeneratedRegex(@"defaultPort: (?<port>\d+)")]
    private static partial Regex Port();

    [GeneratedRegex(@"(?<=^ENV .*?|\s)M[Ii][Ll][Ll][Rr][Aa][Cc][Ee]_+\w+(?==)", RegexOptions.Multiline)]
    private static partial Regex Environment();

    [GeneratedRegex(@"^COPY (?!--from)(?<path>\S+)", RegexOptions.Multiline)]
    private static partial Regex Copied();
}

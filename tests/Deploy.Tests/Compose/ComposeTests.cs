using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Millrace.Deploy.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.Deploy.Tests.Compose;

/// <summary>docker-compose.yml is whole: every service healthy before the next, limited, of a pinned version, with settings that exist.</summary>
public sealed partial class ComposeTests
{
    private static readonly JsonObject File = Yaml.ReadFile(Path.Combine(Repository.Root, "docker-compose.yml"));
    private static readonly string[] Ours = ["ingest", "aggregator", "realtime-gateway", "alerting", "archiver"];
    private static readonly Dictionary<string, JsonNode> Services = File.At("services")!.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value!);

    [Fact]
    public async Task File_is_what_docker_compose_takes()
    {
        var program = TestEnvironment.RequireProgramOrSkip("docker-compose", "install Debian's docker-compose");
        using var process = Process.Start(new ProcessStartInfo(program, ["--env-file", ".env.example", "config", "-q"]) { WorkingDirectory = Repository.Root, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, said);
    }

    [Fact]
    public void Every_service_has_a_profile_a_pinned_image_and_a_limit()
    {
        string[] profiles = ["core", "observability", "tools"];
        foreach (var (name, service) in Services)
        {
            Assert.Contains(service.List("profiles").Single().GetValue<string>(), profiles);
            Assert.Matches(@":[A-Za-z$]*\{?[\w.:-]*\d", service.Text("image")!);
            Assert.DoesNotContain(":latest", service.Text("image")!, StringComparison.Ordinal);
            Assert.Matches("^[0-9]+[mg]$", service.Text("mem_limit")!);
            Assert.Equal("millrace", service.List("networks").Single().GetValue<string>());
            Assert.True(Ours.Contains(name) || service.Text("build") is null);
        }
    }

    [Fact]
    public void Services_start_when_what_they_need_is_healthy()
    {
        foreach (var (name, service) in Services.Where(pair => pair.Value.At("depends_on") is not null))
        {
            foreach (var (needed, how) in service.At("depends_on")!.AsObject())
            {
                var condition = how.Text("condition");
                Assert.True(Services.ContainsKey(needed), $"{name} waits for {needed}.");
                Assert.Equal(service.List("profiles").Single().GetValue<string>(), Services[needed].List("profiles").Single().GetValue<string>());
                if (condition == "service_healthy") Assert.NotNull(Services[needed].At("healthcheck/test"));
                else Assert.Equal(("service_completed_successfully", "no"), (condition, Services[needed].Text("restart")));
            }
        }

        Assert.All(Ours, name => Assert.True(new[] { "kafka", "postgres" }.All(needed => Services[name].At("depends_on/" + needed) is not null)));
        Assert.NotNull(Services["alerting"].At("depends_on/rabbitmq"));
        Assert.NotNull(Services["archiver"].At("depends_on/clickhouse"));
        Assert.NotNull(Services["archiver"].At("depends_on/minio-bucket"));
    }

    [Fact]
    public void Our_services_are_locked_down_and_all_their_variables_are_settings()
    {
        foreach (var name in Ours)
        {
            var service = Services[name];
            Assert.Equal("true", service.Text("read_only"));
            Assert.Equal("ALL", service.Text("cap_drop/0"));
            Assert.Equal("/tmp", service.Text("tmpfs/0"));
            Assert.True(int.Parse(service.Text("stop_grace_period")!.TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture) > 25, "The host has 25 s to stop.");
            Assert.Equal($"deploy/docker/{name}.Dockerfile", service.Text("build/dockerfile"));
            Assert.True(System.IO.File.Exists(Path.Combine(Repository.Root, service.Text("build/dockerfile")!)));
            var variables = service.Map("environment").Keys;
            Assert.NotEmpty(variables);
            Assert.All(variables, variable => Assert.True(Settings.IsKnown(variable), $"{name}: there is no setting {variable}."));
        }
    }

    [Fact]
    public async Task Our_services_would_start_with_their_settings()
    {
        var example = Repository.Read(".env.example").Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#')
            .ToDictionary(line => line.Split('=')[0], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        foreach (var name in Ours)
        {
            var environment = Services[name].Map("environment").Select(pair => KeyValuePair.Create(pair.Key, Variable().Replace(pair.Value, match => example[match.Groups["name"].Value])));
            var (code, _, errors) = await HostProgram.PrintConfigAsync(name, environment);
            Assert.True(code == 0, $"{name}: {errors}");
        }
    }

    [Fact]
    public void Addresses_name_services_and_their_ports()
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal)
        {
            ["kafka"] = 9092,
            ["ingest"] = 8081,
            ["realtime-gateway"] = 8083,
            ["alerting"] = 8084,
            ["archiver"] = 8085,
            ["minio"] = 9000,
            ["clickhouse"] = 8123,
        };
        foreach (var (name, value) in Ours.SelectMany(name => Services[name].Map("environment")).Where(pair => Address().IsMatch(pair.Value)))
        {
            var match = Address().Match(value);
            Assert.True(known.GetValueOrDefault(match.Groups["host"].Value) == int.Parse(match.Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture), $"{name}={value}");
        }

        foreach (var job in Yaml.ReadFile(Path.Combine(Repository.Root, "deploy/compose/prometheus.yml")).List("scrape_configs"))
        {
            var host = job.Text("dns_sd_configs/0/names/0")!;
            Assert.Equal(job.Text("job_name"), host);
            Assert.Equal(Images.DockerfileTests.Ports[host], job.Number("dns_sd_configs/0/port"));
        }
    }

    [Fact]
    public void Example_gives_every_variable_and_none_besides()
    {
        var used = Variable().Matches(Repository.Read("docker-compose.yml")).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        var given = Repository.Read(".env.example").Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#').Select(line => line.Split('=')[0]).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(used.Order(), given.Where(name => !name.StartsWith("COMPOSE_", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void Mounted_files_are_there_and_volumes_are_named()
    {
        var volumes = File.At("volumes")!.AsObject().Select(pair => pair.Key).ToHashSet(StringComparer.Ordinal);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var mount in Services.Values.SelectMany(service => service.List("volumes")).Select(mount => mount.GetValue<string>().Split(':')[0]))
        {
            if (mount.StartsWith("./", StringComparison.Ordinal)) Assert.True(Path.Exists(Path.Combine(Repository.Root, mount)), $"{mount} is not there.");
            else used.Add(mount);
        }

        Assert.Equal(volumes.Order(), used.Order());
    }

    [GeneratedRegex(@"^(?:http://)?(?<host>[a-z-]+):(?<port>\d+)$")]
    private static partial Regex Address();

    [GeneratedRegex(@"\$\{(?<name>[A-Z_]+)[^}]*\}")]
    private static partial Regex Variable();
}

using Millrace.Deploy.Tests.Support;
using Xunit;

namespace Millrace.Deploy.Tests.Kubernetes;

/// <summary>A key that Millrace does not know stops its start, so none may be in a manifest.</summary>
public sealed class SettingsTests
{
    public static TheoryData<string> Overlays => Overlay.Names;

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Repository.Kubernetes, "millrace.env", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Kubernetes, file)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_line_is_a_setting(string file)
    {
        foreach (var line in File.ReadLines(Path.Combine(Repository.Kubernetes, file)).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var (key, value) = (line.Split('=')[0], line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);
            Assert.True(Settings.IsKnown(key), $"{file}: there is no setting {key}.");
            Assert.False(string.IsNullOrWhiteSpace(value), $"{file}: {key} is empty.");
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Every_variable_of_a_pod_is_a_setting_and_no_secret_is_in_the_open(string name)
    {
        var overlay = Overlay.Render(name);
        Assert.All(Config.Of(overlay), pair => Assert.True(Settings.IsKnown(pair.Key), pair.Key));
        Assert.DoesNotContain(Config.Of(overlay).Keys, key => key.EndsWith("Password", StringComparison.OrdinalIgnoreCase) || key.EndsWith("Secret", StringComparison.Ordinal)
            || key.EndsWith("SecretKey", StringComparison.Ordinal) || key.EndsWith("SigningKey", StringComparison.Ordinal) || key.EndsWith("ApiKey", StringComparison.Ordinal));
        foreach (var service in overlay.Services)
        {
            foreach (var variable in service.Container.List("env").Select(variable => variable.Text("name")!).Where(Settings.IsOurs))
                Assert.True(Settings.IsKnown(variable), $"{service}: there is no setting {variable}.");
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Every_service_would_start_with_its_settings(string name)
    {
        var overlay = Overlay.Render(name);
        foreach (var service in overlay.Services)
        {
            var secrets = service.Container.List("env").Select(variable => KeyValuePair.Create(variable.Text("name")!, "in-place-of-a-secret-that-is-not-here"));
            var (code, settings, errors) = await HostProgram.PrintConfigAsync(service.Name, Config.Of(overlay).Concat(secrets));
            Assert.True(code == 0, $"{service}: {errors}");
            Assert.DoesNotContain("\"SigningKey\": \"in-place", settings, StringComparison.Ordinal);
            Assert.DoesNotContain("sasl_password\": \"in-place", settings, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void Every_service_has_what_its_adapters_need(string name)
    {
        var overlay = Overlay.Render(name);
        var config = Config.Of(overlay);
        string[] common = ["Millrace__Kafka__BootstrapServers", "Millrace__Postgres__Host", "Millrace__Postgres__Password", "Millrace__Auth__SigningKey", "Millrace__Bootstrap__ApiKey", "Millrace__Http__Address"];
        var own = new Dictionary<string, string[]>(StringComparer.Ordinal)
        {
            ["alerting"] = ["Millrace__RabbitMq__Host", "Millrace__RabbitMq__User", "Millrace__RabbitMq__Password"],
            ["archiver"] = ["Millrace__S3__Bucket", "Millrace__S3__AccessKey", "Millrace__S3__SecretKey", "Millrace__ClickHouse__Url", "Millrace__ClickHouse__Secret"],
        };
        foreach (var service in overlay.Services)
        {
            var given = service.Container.List("env").Select(variable => variable.Text("name")!).Concat(config.Keys).ToHashSet(StringComparer.Ordinal);
            Assert.All(common.Concat(own.GetValueOrDefault(service.Name, [])), key => Assert.Contains(key, given));
            // A secret that a service does not need it does not get.
            foreach (var key in own.Where(pair => pair.Key != service.Name).SelectMany(pair => pair.Value).Where(key => !config.ContainsKey(key))) Assert.DoesNotContain(key, given);
        }
    }
}

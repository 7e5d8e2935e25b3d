using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Sqlite;
using Millrace.Hosting.Commands;
using Millrace.Hosting.Configuration;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class CommandTests : IDisposable
{
    // Of these tests alone: the environment is that of all.
    private const string Prefix = "COMMANDTESTS_";

    private readonly TempDirectory _directory = new();
    private readonly StringWriter _errors = new();
    private readonly StringWriter _output = new();

    public void Dispose()
    {
        _directory.Dispose();
        _errors.Dispose();
        _output.Dispose();
    }

    [Fact]
    public async Task Print_config_shows_what_is_in_force_and_no_secret()
    {
        var code = await HostRunner.RunAsync(() => Build(("Millrace:Auth:SigningKey", new string('k', 40)), ("Millrace:Http:MaxHeaders", "33")), _errors, HostCommand.PrintConfiguration, _output);

        Assert.Equal((0, ""), (code, _errors.ToString()));
        var settings = JsonDocument.Parse(_output.ToString()).RootElement.GetProperty("Millrace");
        Assert.Equal(33, settings.GetProperty("Http").GetProperty("MaxHeaders").GetInt32());
        Assert.Equal("00:02:10", settings.GetProperty("Http").GetProperty("KeepAlive").GetString());
        Assert.Equal("***", settings.GetProperty("Auth").GetProperty("SigningKey").GetString());
        Assert.Equal(JsonValueKind.Null, settings.GetProperty("Auth").GetProperty("Authority").ValueKind);
        Assert.DoesNotContain("kkkk", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Print_config_can_be_read_as_appsettings_but_for_the_secrets()
    {
        await HostRunner.RunAsync(() => Build(), _errors, HostCommand.PrintConfiguration, _output);
        var file = Path.Combine(_directory.Path, "printed.json");
        await File.WriteAllTextAsync(file, _output.ToString().Replace("\"***\"", "null", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        _output.GetStringBuilder().Clear();

        var code = await HostRunner.RunAsync(
            () =>
            {
                var builder = MillraceHost.CreateBuilder([], 0, configuration => configuration.AddJsonFile(file));
                builder.Services.AddSqliteAdapter(builder.Configuration);
                return builder.Build();
            },
            _errors, HostCommand.PrintConfiguration, _output);

        Assert.Equal((0, ""), (code, _errors.ToString()));
    }

    [Fact]
    public async Task Print_config_with_a_mistake_ends_with_2_and_lists_it()
    {
        var code = await HostRunner.RunAsync(() => Build(("Millrace:Http:Prot", "1"), ("Millrace:Http:MaxHeaders", "1")), _errors, HostCommand.PrintConfiguration, _output);

        Assert.Equal(2, code);
        Assert.Contains("Prot is not a setting", _errors.ToString(), StringComparison.Ordinal);
        Assert.Contains("MaxHeaders", _errors.ToString(), StringComparison.Ordinal);
        Assert.Empty(_output.ToString());
    }

    [Fact]
    public async Task Print_config_shows_lists_maps_and_what_is_nested()
    {
        await HostRunner.RunAsync(
            () => Build(("Millrace:Demo:Client:sasl.password", "hush"), ("Millrace:Demo:Client:sasl.username", "us"), ("Millrace:Demo:Sizes:0", "00:00:01"), ("Millrace:Demo:Inner:Address", "http://a/"), ("Millrace:Demo:Inner:Day", "Friday")),
            _errors, HostCommand.PrintConfiguration, _output);

        Assert.Equal("", _errors.ToString());
        var demo = JsonDocument.Parse(_output.ToString()).RootElement.GetProperty("Millrace").GetProperty("Demo");
        Assert.Equal("""{"Client":{"sasl.password":"***","sasl.username":"us"},"Sizes":["00:00:01"],"Inner":{"Address":"http://a/","Day":"Friday"}}""", JsonSerializer.Serialize(demo));
    }

    [Fact]
    public async Task Print_config_makes_nothing_of_the_settings()
    {
        var mapped = false;
        var code = await HostRunner.RunAsync(
            () =>
            {
                var app = Build();
                mapped = true;
                return app;
            },
            _errors, HostCommand.PrintConfiguration, _output);

        Assert.Equal((0, false), (code, mapped));
        Assert.False(File.Exists(Path.Combine(_directory.Path, "metadata.db")));
    }

    [Fact]
    public async Task Health_says_what_the_running_host_says()
    {
        await using var app = Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var port = new Uri(app.Urls.Single()).Port.ToString(CultureInfo.InvariantCulture);

        Assert.Equal(0, await HealthCommand.RunAsync([HostCommand.Health, port], _errors));
        await app.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await HealthCommand.RunAsync([HostCommand.Health, port], _errors));
        Assert.Contains($"nothing healthy at port {port}", _errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, await HealthCommand.RunAsync([HostCommand.Health], _errors));
    }

    [Theory]
    [InlineData(new[] { "--health", "8081" }, new string[0])]
    [InlineData(new[] { "--print-config", "--Millrace:Http:Port=1" }, new[] { "--Millrace:Http:Port=1" })]
    [InlineData(new[] { "--Millrace:Http:Port=1" }, new[] { "--Millrace:Http:Port=1" })]
    public void Command_is_no_setting(string[] given, string[] left) => Assert.Equal(left, HostRunner.WithoutCommand(given));

    [Fact]
    public void Secret_file_stands_for_its_setting()
    {
        var file = Path.Combine(_directory.Path, "key");
        File.WriteAllText(file, "from the file \n");
        using var environment = new Variables(("Millrace__Auth__SigningKey_FILE", file), ("Millrace__Http__MaxHeaders", "40"));

        var read = Read();
        Assert.Equal("from the file", Value(read, "Millrace:Auth:SigningKey"));
        Assert.Equal("40", Value(read, "Millrace:Http:MaxHeaders"));
        Assert.Null(Value(read, "Millrace:Auth:SigningKey_FILE"));
    }

    [Fact]
    public void Secret_file_that_is_not_there_or_beside_its_setting_stops_the_start()
    {
        using (new Variables(("Millrace__Auth__SigningKey_FILE", Path.Combine(_directory.Path, "none"))))
            Assert.Contains("can't be read", Assert.Throws<StartException>(Read).Message, StringComparison.Ordinal);
        using (new Variables(("Millrace__Auth__SigningKey_FILE", "x"), ("Millrace__Auth__SigningKey", "y")))
            Assert.Contains("give one of them", Assert.Throws<StartException>(Read).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SigningKey", true)]
    [InlineData("Password", true)]
    [InlineData("PasswordFile", false)]
    [InlineData("ConnectionString", true)]
    [InlineData("sasl.password", true)]
    [InlineData("ssl_key_pem", true)]
    [InlineData("sasl.username", false)]
    [InlineData("TokenHeader", false)]
    public void Secret_is_known_by_its_name(string name, bool secret) => Assert.Equal(secret, SecretNames.IsSecret(name));

    [Fact]
    public void Secret_files_take_the_place_of_the_plain_environment_alone()
    {
        var builder = new ConfigurationBuilder().AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables();
        SecretFiles.Use(builder);
        Assert.Equal([false, true], builder.Build().Providers.Select(provider => provider is SecretFiles));
    }

    private static SecretFiles Read()
    {
        var read = new SecretFiles(Prefix);
        read.Load();
        return read;
    }

    private static string? Value(SecretFiles read, string key) => read.TryGet(key, out var value) ? value : null;

    private WebApplication Build(params (string Key, string Value)[] settings)
    {
        var values = TestHost.Settings(_directory.Path);
        foreach (var (key, value) in settings) values[key] = value;
        var builder = MillraceHost.CreateBuilder([], 0, configuration => configuration.AddInMemoryCollection(values));
        builder.Services.AddSqliteAdapter(builder.Configuration);
        builder.Services.AddMillraceOptions<Sample>(builder.Configuration, "Demo");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapMillraceOperations();
        return app;
    }

    private sealed class Sample
    {
        public Dictionary<string, string> Client { get; } = [];

        public IList<TimeSpan> Sizes { get; } = [];

        public Nested Inner { get; init; } = new();
    }

    private sealed class Nested
    {
        public Uri? Address { get; init; }

        public DayOfWeek Day { get; init; }
    }

    private sealed class Variables : IDisposable
    {
        private readonly (string Name, string Value)[] _set;

        public Variables(params (string Name, string Value)[] set)
        {
            _set = set;
            foreach (var (name, value) in set) Environment.SetEnvironmentVariable(Prefix + name, value);
        }

        public void Dispose()
        {
            foreach (var (name, _) in _set) Environment.SetEnvironmentVariable(Prefix + name, null);
        }
    }
}

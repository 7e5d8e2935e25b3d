using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Bootstrap;
using Millrace.Hosting.Configuration;
using Millrace.Hosting.Http;
using Millrace.Hosting.Telemetry;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void AddMillraceOptions_settings_are_bound()
    {
        var options = Bind(new() { ["Millrace:Thing:Count"] = "7", ["Millrace:Thing:Inner:Name"] = "x", ["Millrace:Thing:Names:0"] = "a" });

        Assert.Equal((7, "x", "a"), (options.Count, options.Inner.Name, Assert.Single(options.Names)));
    }

    [Fact]
    public void AddMillraceOptions_everything_wrong_is_told_at_once()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Bind(new()
        {
            ["Millrace:Thing:Cuont"] = "7",
            ["Millrace:Thing:Count"] = "-1",
            ["Millrace:Thing:Inner:Nmae"] = "x",
            ["Millrace:Thing:Map:k:Nmae"] = "x",
            ["Millrace:Thing:SomethingElseEntirely"] = "x",
        }));

        Assert.Equal(
            [
                "DataAnnotation validation failed for 'Thing' members: 'Count' with the error: 'The field Count must be between 0 and 10.'.",
                "Millrace:Thing:Cuont is not a setting; did you mean 'Count'?",
                "Millrace:Thing:Inner:Nmae is not a setting; did you mean 'Name'?",
                "Millrace:Thing:Map:k:Nmae is not a setting; did you mean 'Name'?",
                "Millrace:Thing:SomethingElseEntirely is not a setting.",
            ],
            error.Failures.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void AddMillraceOptions_value_that_is_no_number_is_told()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Bind(new() { ["Millrace:Thing:Count"] = "many" }));

        Assert.Equal("Failed to convert configuration value 'many' at 'Millrace:Thing:Count' to type 'System.Int32'.", Assert.Single(error.Failures));
    }

    [Fact]
    public void AddMillraceOptions_section_nobody_knows_is_told_at_start()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Start(new() { ["Millrace:Ingset:X"] = "1", ["Millrace:Alerting:X"] = "1" }));

        Assert.Equal("Millrace:Ingset is not a section; did you mean 'Ingest'?", Assert.Single(error.Failures));
    }

    [Fact]
    public void Defaults_are_valid()
    {
        Start([]);
        Assert.True(new AuthOptionsValidator().Validate(null, new AuthOptions()).Succeeded);
        Assert.True(new BootstrapOptionsValidator().Validate(null, new BootstrapOptions()).Succeeded);
        Assert.True(new TelemetryOptionsValidator().Validate(null, new TelemetryOptions()).Succeeded);
        Assert.True(new HttpOptionsValidator().Validate(null, new HttpOptions()).Succeeded);
    }

    [Fact]
    public void Auth_whole_error_text()
    {
        var failures = Failures<AuthOptions>(new()
        {
            ["Millrace:Auth:SigningKey"] = "too short",
            ["Millrace:Auth:JwksFile"] = "/no/such/file",
            ["Millrace:Auth:Authority"] = "http://issuer.example",
            ["Millrace:Auth:ClockSkew"] = "01:00:00",
            ["Millrace:Auth:TenantClaim"] = "",
            ["Millrace:Auth:RolesClaim"] = "",
            ["Millrace:Auth:MaxKeysPerTenant"] = "0",
            ["Millrace:Auth:CachedCredentials"] = "1",
        });

        Assert.Equal(
            [
                "CachedCredentials: The field AuthOptions.CachedCredentials must be between 100 and 10000000.",
                "ClockSkew: The field AuthOptions.ClockSkew must be between 00:00:00 and 00:05:00.",
                "MaxKeysPerTenant: The field AuthOptions.MaxKeysPerTenant must be between 1 and 1000000.",
                "Millrace:Auth:Authority is not https; for a test set Millrace:Auth:RequireHttps to false.",
                "Millrace:Auth:JwksFile: there is no file '/no/such/file'.",
                "Millrace:Auth:SigningKey has 9 bytes; it needs at least 32.",
                "RolesClaim: The AuthOptions.RolesClaim field is required.",
                "TenantClaim: The AuthOptions.TenantClaim field is required.",
            ],
            failures);
    }

    [Fact]
    public void Auth_authority_that_is_no_url_is_told() => Assert.Equal(
        ["Millrace:Auth:Authority 'issuer' is not an http or https URL."],
        Failures<AuthOptions>(new() { ["Millrace:Auth:Authority"] = "issuer" }));

    [Fact]
    public void Bootstrap_whole_error_text() => Assert.Equal(
        [
            "ApiKey: The field BootstrapOptions.ApiKey must be a string or array type with a minimum length of '16'.",
            "Millrace:Bootstrap:Tenant 'No Tenant' is not a tenant's name: " + TenantName.Rule,
        ],
        Failures<BootstrapOptions>(new() { ["Millrace:Bootstrap:ApiKey"] = "short", ["Millrace:Bootstrap:Tenant"] = "No Tenant" }));

    [Fact]
    public void Telemetry_whole_error_text() => Assert.Equal(
        [
            "MaxSeriesPerInstrument: The field TelemetryOptions.MaxSeriesPerInstrument must be between 10 and 1000000.",
            "Millrace:Telemetry:OtlpEndpoint 'localhost:4317' is not an http or https URL.",
            "OtlpInterval: The field TelemetryOptions.OtlpInterval must be between 00:00:00.1000000 and 01:00:00.",
            "SampleRatio: The field TelemetryOptions.SampleRatio must be between 0 and 1.",
        ],
        Failures<TelemetryOptions>(new()
        {
            ["Millrace:Telemetry:OtlpEndpoint"] = "localhost:4317",
            ["Millrace:Telemetry:OtlpInterval"] = "00:00:00",
            ["Millrace:Telemetry:SampleRatio"] = "2",
            ["Millrace:Telemetry:MaxSeriesPerInstrument"] = "1",
        }));

    [Fact]
    public void Http_whole_error_text() => Assert.Equal(
        [
            "BodyGrace: The field HttpOptions.BodyGrace must be between 00:00:02 and 00:05:00.",
            "HeadersTimeout: The field HttpOptions.HeadersTimeout must be between 00:00:01 and 00:05:00.",
            "KeepAlive: The field HttpOptions.KeepAlive must be between 00:00:01 and 01:00:00.",
            "MaxBodyBytes: The field HttpOptions.MaxBodyBytes must be between 1024 and 2147483647.",
            "MaxConnections: The field HttpOptions.MaxConnections must be between 1 and 2147483647.",
            "MaxHeaderBytes: The field HttpOptions.MaxHeaderBytes must be between 8192 and 1048576.",
            "MaxHeaders: The field HttpOptions.MaxHeaders must be between 20 and 1000.",
            "Millrace:Http:Address 'example.com' is not an IP address, localhost or *.",
            "MinBodyRate: The field HttpOptions.MinBodyRate must be between 1 and 1000000.",
            "Port: The field HttpOptions.Port must be between 0 and 65535.",
        ],
        Failures<HttpOptions>(new()
        {
            ["Millrace:Http:Address"] = "example.com",
            ["Millrace:Http:Port"] = "70000",
            ["Millrace:Http:MaxBodyBytes"] = "1",
            ["Millrace:Http:MaxConnections"] = "0",
            ["Millrace:Http:KeepAlive"] = "00:00:00",
            ["Millrace:Http:HeadersTimeout"] = "00:00:00",
            ["Millrace:Http:MinBodyRate"] = "0",
            ["Millrace:Http:BodyGrace"] = "00:00:01",
            ["Millrace:Http:MaxHeaders"] = "1",
            ["Millrace:Http:MaxHeaderBytes"] = "1",
        }));

    private static IConfiguration Configuration(Dictionary<string, string?> values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values).Build();

    private static Thing Bind(Dictionary<string, string?> values)
    {
        using var services = new ServiceCollection().AddMillraceOptions<Thing>(Configuration(values), "Thing").Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<Thing>>().Value;
    }

    private static ServiceProvider Services(Dictionary<string, string?> values)
    {
        var services = new ServiceCollection().AddLogging().AddMillraceHosting(Configuration(values));
        services.AddMillraceKestrel(Configuration(values), 0);
        return services.BuildServiceProvider();
    }

    private static void Start(Dictionary<string, string?> values)
    {
        using var services = Services(values);
        services.GetRequiredService<IStartupValidator>().Validate();
    }

    private static IEnumerable<string> Failures<TOptions>(Dictionary<string, string?> values)
        where TOptions : class
    {
        using var services = Services(values);
        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<TOptions>>().Value);
        return error.Failures.Order(StringComparer.Ordinal).ToList();
    }

    private sealed class Thing
    {
        [Range(0, 10)]
        public int Count { get; set; }

        public Part Inner { get; set; } = new();

        public IList<string> Names { get; } = [];

        public IDictionary<string, Part> Map { get; } = new Dictionary<string, Part>();
    }

    private sealed class Part
    {
        public string? Name { get; set; }
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Configuration;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_valid() => Assert.True(new GatewayOptionsValidator().Validate(null, new GatewayOptions()).Succeeded);

    [Fact]
    public void Wrong_settings_are_named_all_together()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Bind(
            ("Connections:Limit", "0"), ("Connections:SlowClients", "Unset"), ("History:Ttl", "00:00:00"), ("Windows:Bytes", "1"),
            ("Drain:Timeout", "1.00:00:00"), ("Events:FullRate", "0"), ("ShardBacklog", "1")));

        Assert.Equal(
            """
            Bytes: The field GatewayOptions.Windows.Bytes must be between 1048576 and 1099511627776.
            FullRate: The field GatewayOptions.Events.FullRate must be between 1 and 10000000.
            Limit: The field GatewayOptions.Connections.Limit must be between 1 and 10000000.
            ShardBacklog: The field GatewayOptions.ShardBacklog must be between 16 and 1000000.
            SlowClients: The GatewayOptions.Connections.SlowClients field does not equal any of the values specified in AllowedValuesAttribute.
            Timeout: The field GatewayOptions.Drain.Timeout must be between 00:00:01 and 00:05:00.
            Ttl: The field GatewayOptions.History.Ttl must be between 00:00:01 and 1.00:00:00.
            """.ReplaceLineEndings("\n"),
            string.Join('\n', failure.Failures.SelectMany(f => f.Split("; ")).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Misspelt_key_is_an_error()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Bind(("Conections:Limit", "5")));

        Assert.Contains("Conections", failure.Message, StringComparison.Ordinal);
    }

    private static GatewayOptions Bind(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create("Millrace:Gateway:" + s.Key, (string?)s.Value)))
            .Build();
        var services = new ServiceCollection();
        services.AddMillraceOptions<GatewayOptions, GatewayOptionsValidator>(configuration, "Gateway");
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<GatewayOptions>>().Value;
    }
}

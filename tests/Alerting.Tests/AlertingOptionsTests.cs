using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Millrace.Alerting.Tests;

public sealed class AlertingOptionsTests
{
    [Fact]
    public void Validate_defaults_are_valid()
    {
        var options = Read();

        Assert.Equal([TimeSpan.FromSeconds(1)], options.Windows);
        Assert.False(options.Webhooks.AllowPrivateAddresses);
    }

    [Fact]
    public void Windows_are_those_of_the_aggregator_unless_told_otherwise()
    {
        Assert.Equal(
            [TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)],
            Read(("../Aggregator:WindowSizes:0", "00:00:01"), ("../Aggregator:WindowSizes:1", "00:01:00")).Windows);
        Assert.Equal([TimeSpan.FromSeconds(5)], Read(("../Aggregator:WindowSizes:0", "00:00:01"), ("WindowSizes:0", "00:00:05")).Windows);
    }

    [Fact]
    public void Validate_values_out_of_range_are_all_named()
    {
        var e = Assert.Throws<OptionsValidationException>(() => Read(
            ("SilenceDelay", "00:00:00"), ("MaxSeriesPerRule", "0"), ("Delivery:MaxAttempts", "0"), ("Delivery:InstanceName", ""),
            ("Webhooks:Timeout", "01:00:00")));

        Assert.Equal(
            [
                "InstanceName: The AlertingOptions.Delivery.InstanceName field is required.",
                "MaxAttempts: The field AlertingOptions.Delivery.MaxAttempts must be between 1 and 100.",
                "MaxSeriesPerRule: The field AlertingOptions.MaxSeriesPerRule must be between 1 and 1000000.",
                "SilenceDelay: The field AlertingOptions.SilenceDelay must be between 00:00:00.1000000 and 01:00:00.",
                "Timeout: The field AlertingOptions.Webhooks.Timeout must be between 00:00:00.1000000 and 00:05:00.",
            ],
            e.Failures.Order());
    }

    [Fact]
    public void Validate_misspelt_keys_are_named()
    {
        var e = Assert.Throws<OptionsValidationException>(() => Read(("Webhooks:AllowPrivateAdresses", "true"), ("Retension", "1.00:00:00")));

        Assert.Equal(
            [
                "Millrace:Alerting:Retension is not a setting; did you mean 'Retention'?",
                "Millrace:Alerting:Webhooks:AllowPrivateAdresses is not a setting; did you mean 'AllowPrivateAddresses'?",
            ],
            e.Failures.Order());
    }

    private static AlertingOptions Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(
                setting.Key.StartsWith("../", StringComparison.Ordinal) ? "Millrace:" + setting.Key[3..] : "Millrace:Alerting:" + setting.Key, setting.Value)))
            .Build();
        using var provider = new ServiceCollection().AddLogging().AddAlerting(configuration).BuildServiceProvider();
        return provider.GetRequiredService<IOptions<AlertingOptions>>().Value;
    }
}

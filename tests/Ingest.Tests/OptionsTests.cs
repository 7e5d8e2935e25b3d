using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Ingest.Quotas;
using Xunit;

namespace Millrace.Ingest.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_valid()
    {
        using var services = Services([]);
        services.GetRequiredService<IStartupValidator>().Validate();
        var ingest = services.GetRequiredService<IOptions<IngestOptions>>().Value;
        Assert.Equal((TimeSpan.FromDays(7), TimeSpan.FromMinutes(5), 256L << 20), (ingest.MaxEventAge, ingest.MaxEventAhead, ingest.MaxInFlightBytes));
        var quota = services.GetRequiredService<IOptions<QuotaOptions>>().Value;
        Assert.Null(quota.Default.EventsPerSecond);
        Assert.Null(quota.Default.BytesPerSecond);
        Assert.Empty(quota.Tenants);
    }

    [Fact]
    public void Wrong_settings_of_ingest_are_named()
    {
        using var services = Services(new() { ["Millrace:Ingest:MaxEventAge"] = "00:00:01", ["Millrace:Ingest:MaxInFlightBytes"] = "1000", ["Millrace:Ingest:MaxEventAhaed"] = "1" });
        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<IngestOptions>>().Value);
        Assert.Equal(
            [
                "MaxEventAge: The field IngestOptions.MaxEventAge must be between 00:01:00 and 3650.00:00:00.",
                "MaxInFlightBytes: The field IngestOptions.MaxInFlightBytes must be between 67108864 and 68719476736.",
                "Millrace:Ingest:MaxEventAhaed is not a setting; did you mean 'MaxEventAhead'?",
            ],
            error.Failures.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Wrong_quotas_are_named_those_of_single_tenants_too()
    {
        using var services = Services(new() { ["Millrace:Quotas:Default:BurstSeconds"] = "0", ["Millrace:Quotas:Tenants:acme:EventsPerSecond"] = "0" });
        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<QuotaOptions>>().Value);
        Assert.Equal(2, error.Failures.Count());
        Assert.Contains(error.Failures, failure => failure.Contains("BurstSeconds", StringComparison.Ordinal));
        Assert.Contains(error.Failures, failure => failure.Contains("Tenants:acme.EventsPerSecond", StringComparison.Ordinal));
    }

    private static ServiceProvider Services(Dictionary<string, string?> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return new ServiceCollection().AddLogging().AddIngest(configuration).BuildServiceProvider();
    }
}

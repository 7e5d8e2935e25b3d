using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Millrace.Adapters.MassTransit.Tests;

public sealed class NotificationBusOptionsTests
{
    [Fact]
    public void Validate_defaults_are_valid()
    {
        using var provider = Build();

        Assert.Equal(32, provider.GetRequiredService<IOptions<NotificationBusOptions>>().Value.Concurrency);
    }

    [Fact]
    public void Validate_values_out_of_range_are_all_named()
    {
        using var provider = Build(("Concurrency", "0"), ("Retries", "21"), ("RetryDelay", "0"), ("SendTimeout", "00:00:00"));

        var e = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<NotificationBusOptions>>().Value);

        Assert.Equal(
            [
                "Concurrency: The field NotificationBusOptions.Concurrency must be between 1 and 1000.",
                "Retries: The field NotificationBusOptions.Retries must be between 0 and 20.",
                "RetryDelay: The field NotificationBusOptions.RetryDelay must be between 00:00:00.0010000 and 00:01:00.",
                "SendTimeout: The field NotificationBusOptions.SendTimeout must be between 00:00:00.1000000 and 00:05:00.",
            ],
            e.Failures.Order());
    }

    [Fact]
    public void Validate_misspelt_key_names_the_right_one()
    {
        using var provider = Build(("Concurency", "5"));

        var e = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<NotificationBusOptions>>().Value);

        Assert.Equal("Millrace:Notifications:Concurency is not a setting; did you mean 'Concurrency'?", Assert.Single(e.Failures));
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>("Millrace:Notifications:" + setting.Key, setting.Value)))
            .Build();
        return new ServiceCollection().AddLogging().AddInMemoryNotifications(configuration).BuildServiceProvider();
    }
}

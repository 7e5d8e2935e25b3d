using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Adapters.MassTransit.RabbitMq;
using Xunit;

namespace Millrace.Adapters.MassTransit.Tests.RabbitMq;

public sealed class RabbitMqOptionsTests
{
    [Fact]
    public void Options_defaults_are_valid()
    {
        using var services = Build();

        var options = services.GetRequiredService<IOptions<RabbitMqOptions>>().Value;

        Assert.Equal([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30)], options.Delays);
    }

    [Fact]
    public void Options_wrong_settings_are_all_named()
    {
        using var services = Build(
            ("Port", "0"), ("Queue", "a b"), ("Prefetch", "0"), ("Redeliveries:0", "00:00:00"), ("Password", "p"), ("PasswordFile", "/no/such/file"),
            ("Tls:CaFile", "/no/such/ca"), ("Tls:Enable", "true"), ("Vhost", "/"));

        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<RabbitMqOptions>>().Value);

        Assert.Equal(
            [
                "Millrace:RabbitMq:Password and Millrace:RabbitMq:PasswordFile exclude each other.",
                "Millrace:RabbitMq:PasswordFile '/no/such/file' does not exist.",
                "Millrace:RabbitMq:Redeliveries must be between 00:00:00.001 and 1.00:00:00 each.",
                "Millrace:RabbitMq:Tls:CaFile '/no/such/ca' does not exist.",
                "Millrace:RabbitMq:Tls:Enable is not a setting; did you mean 'Enabled'?",
                "Millrace:RabbitMq:Vhost is not a setting; did you mean 'Host'?",
                "Port: The field RabbitMqOptions.Port must be between 1 and 65535.",
                "Prefetch: The field RabbitMqOptions.Prefetch must be between 1 and 10000.",
                "Queue: The field RabbitMqOptions.Queue must match the regular expression '[A-Za-z0-9._-]+'.",
            ],
            error.Failures.Order(StringComparer.Ordinal));
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>("Millrace:RabbitMq:" + setting.Key, setting.Value))).Build();
        return new ServiceCollection().AddLogging().AddRabbitMqNotifications(configuration).BuildServiceProvider();
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Millrace.Adapters.Postgres.Tests;

public sealed class PostgresOptionsTests
{
    [Fact]
    public void Options_defaults_are_valid_and_make_a_connection_string()
    {
        var options = new PostgresOptions();

        Assert.True(new PostgresOptionsValidator().Validate(null, options).Succeeded);
        Assert.True(new PostgresOptionsRules().Validate(null, options).Succeeded);
        var built = options.Build();
        Assert.Equal(("localhost", 5432, "millrace", "millrace", 20, 10), (built.Host, built.Port, built.Database, built.Username, built.MaxPoolSize, built.Timeout));
    }

    [Fact]
    public void Options_parts_win_over_the_connection_string()
    {
        var built = new PostgresOptions
        {
            ConnectionString = "Host=a,b;Database=x;Username=u;SSL Mode=VerifyFull;Maximum Pool Size=7;Timeout=3",
            Database = "y",
            CommandTimeout = TimeSpan.FromSeconds(2.5),
        }.Build();

        Assert.Equal(("a,b", "y", "u", 7, 3, 3), (built.Host, built.Database, built.Username, built.MaxPoolSize, built.Timeout, built.CommandTimeout));
        Assert.Equal(Npgsql.SslMode.VerifyFull, built.SslMode);
        Assert.Equal(
            "-c geqo=off -c idle_in_transaction_session_timeout=2500",
            new PostgresOptions { ConnectionString = "Options=-c geqo=off", IdleTransactionTimeout = TimeSpan.FromSeconds(2.5) }.Build().Options);
    }

    [Fact]
    public void Options_wrong_settings_are_all_named()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Millrace:Postgres:ConnectionString"] = "Hots=x",
            ["Millrace:Postgres:Port"] = "70000",
            ["Millrace:Postgres:MaxPoolSize"] = "1",
            ["Millrace:Postgres:ConnectTimeout"] = "00:00:00",
            ["Millrace:Postgres:CommandTimeout"] = "00:00:00",
            ["Millrace:Postgres:RetryTimeout"] = "00:00:00",
            ["Millrace:Postgres:Password"] = "x",
            ["Millrace:Postgres:PasswordFile"] = "/nowhere/password",
        }).Build();
        using var services = new ServiceCollection().AddPostgresAdapter(configuration).BuildServiceProvider();

        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<PostgresOptions>>().Value);

        Assert.Equal(
            [
                "CommandTimeout: The field PostgresOptions.CommandTimeout must be between 00:00:01 and 01:00:00.",
                "ConnectTimeout: The field PostgresOptions.ConnectTimeout must be between 00:00:01 and 00:10:00.",
                "MaxPoolSize: The field PostgresOptions.MaxPoolSize must be between 2 and 1000.",
                "Millrace:Postgres:ConnectionString: Couldn't set hots (Parameter 'hots')",
                "Millrace:Postgres:Password and PasswordFile: give one of them.",
                "Millrace:Postgres:PasswordFile: there is no file /nowhere/password.",
                "Port: The field PostgresOptions.Port must be between 1 and 65535.",
                "RetryTimeout: The field PostgresOptions.RetryTimeout must be between 00:00:01 and 00:10:00.",
            ],
            error.Failures.Order(StringComparer.Ordinal));
    }
}

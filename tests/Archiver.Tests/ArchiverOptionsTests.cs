using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Millrace.Archiver.Tests;

public sealed class ArchiverOptionsTests
{
    [Fact]
    public void Defaults_are_valid() =>
        Assert.True(new ArchiverOptionsValidator().Validate(null, new ArchiverOptions()).Succeeded);

    [Fact]
    public void Validate_everything_wrong_names_each_setting()
    {
        var options = new ArchiverOptions
        {
            ClickHouse = new SinkOptions { MaxRows = 0, MaxBytes = 0, MaxAge = TimeSpan.Zero, BufferBytes = 0, Writers = 0 },
            Retention = new RetentionOptions { EventsDays = 0 },
            Query = new QueryOptions { Timeout = TimeSpan.Zero, MaxRows = 0, MaxBytes = 0, MemoryBytes = 0, StatementBytes = 0, ConcurrentPerTenant = 0, Concurrent = 0 },
        };

        var failure = new ArchiverOptionsValidator().Validate(null, options).FailureMessage;

        Assert.Equal(
            "MaxRows: The field ArchiverOptions.ClickHouse.MaxRows must be between 1 and 10000000.; "
            + "MaxBytes: The field ArchiverOptions.ClickHouse.MaxBytes must be between 1 and 536870912.; "
            + "MaxAge: The field ArchiverOptions.ClickHouse.MaxAge must be between 00:00:00.0100000 and 01:00:00.; "
            + "BufferBytes: The field ArchiverOptions.ClickHouse.BufferBytes must be between 1 and 68719476736.; "
            + "Writers: The field ArchiverOptions.ClickHouse.Writers must be between 1 and 64.; "
            + "EventsDays: The field ArchiverOptions.Retention.EventsDays must be between 1 and 36500.; "
            + "Timeout: The field ArchiverOptions.Query.Timeout must be between 00:00:00.1000000 and 01:00:00.; "
            + "MaxRows: The field ArchiverOptions.Query.MaxRows must be between 1 and 10000000.; "
            + "MaxBytes: The field ArchiverOptions.Query.MaxBytes must be between 1024 and 17179869184.; "
            + "MemoryBytes: The field ArchiverOptions.Query.MemoryBytes must be between 1048576 and 1099511627776.; "
            + "StatementBytes: The field ArchiverOptions.Query.StatementBytes must be between 1 and 16777216.; "
            + "ConcurrentPerTenant: The field ArchiverOptions.Query.ConcurrentPerTenant must be between 1 and 1000.; "
            + "Concurrent: The field ArchiverOptions.Query.Concurrent must be between 1 and 10000.",
            failure);
    }

    [Theory]
    [InlineData("Schema:Cluster", "main", "Millrace:Archiver:Schema:Cluster needs Replicated: otherwise each server would keep another part of the events.")]
    [InlineData("Schema:InsertQuorum", "2", "Millrace:Archiver:Schema:InsertQuorum needs Replicated.")]
    [InlineData("Schema:ReplicaName", "{replica}", "Millrace:Archiver:Schema:ReplicaPath and ReplicaName are set together or not at all.")]
    public void Bind_a_setting_without_its_fellow_says_which(string key, string value, string error) =>
        Assert.Equal(error, Assert.Throws<OptionsValidationException>(() => Bind((key, value))).Message);

    [Fact]
    public void Bind_settings_overrides_defaults_and_refuses_unknown_ones()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), Bind(("ClickHouse:MaxAge", "00:00:05")).ClickHouse.MaxAge);
        Assert.Equal(100_000, Bind(("ClickHouse:MaxAge", "00:00:05")).ClickHouse.MaxRows);
        Assert.Equal(30, Bind(("Retention:TenantEventsDays:acme", "30")).Retention.TenantEventsDays["acme"]);
        var error = Assert.Throws<OptionsValidationException>(() => Bind(("ClickHouse:MaxAges", "00:00:05")));
        Assert.Contains("MaxAges", error.Message, StringComparison.Ordinal);
    }

    private static ArchiverOptions Bind(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create("Millrace:Archiver:" + setting.Key, (string?)setting.Value))).Build();
        using var services = new ServiceCollection().AddArchiver(configuration).BuildServiceProvider();
        return services.GetRequiredService<IOptions<ArchiverOptions>>().Value;
    }
}

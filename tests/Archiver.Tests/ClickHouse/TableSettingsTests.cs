using Millrace.Archiver.ClickHouse;
using Xunit;

namespace Millrace.Archiver.Tests.ClickHouse;

public sealed class TableSettingsTests
{
    [Fact]
    public void Of_no_retention_sets_no_ttl() =>
        Assert.All(
            TableSettings.Of(new ArchiverOptions()).Where(setting => setting.Name.EndsWith(" ttl", StringComparison.Ordinal)),
            setting => Assert.Equal(TableSettings.Unset, setting.Value));

    [Fact]
    public void Of_retention_with_tenants_makes_one_expression()
    {
        var options = new ArchiverOptions { Retention = new RetentionOptions { EventsDays = 90, HourDays = 400 } };
        options.Retention.TenantEventsDays.Add("b'c", 7);
        options.Retention.TenantEventsDays.Add("acme", 30);

        var settings = TableSettings.Of(options).ToDictionary(setting => setting.Name);

        Assert.Equal(
            @"ALTER TABLE millrace.events MODIFY TTL toDateTime(time) + toIntervalDay(transform(toString(tenant), ['acme', 'b\'c'], [30, 7], 90))",
            settings["millrace.events ttl"].Statement);
        Assert.Equal("ALTER TABLE millrace.rollup_1h MODIFY TTL toDateTime(time) + toIntervalDay(400)", settings["millrace.rollup_1h ttl"].Statement);
        Assert.Equal("ALTER TABLE millrace.rollup_1d REMOVE TTL", settings["millrace.rollup_1d ttl"].Statement);
    }
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Millrace.Aggregator.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_valid_and_are_the_documented_ones()
    {
        var settings = AggregatorOptionsRules.SettingsOf(Bind());
        Assert.Equal([1_000], settings.SizesMs);
        Assert.Equal((500, 2_000, 10_000), (settings.OutOfOrdernessMs, settings.IdleTimeoutMs, settings.AllowedLatenessMs));
        Assert.Equal((10_000, 4), (settings.DefaultStream.SeriesLimit, settings.DefaultStream.GeoPrecision));
        Assert.Equal((2_000_000, TimeSpan.FromMinutes(10)), (settings.DuplicateCapacity, settings.DuplicateHorizon));
    }

    [Fact]
    public void Settings_of_a_stream_are_bound()
    {
        var settings = AggregatorOptionsRules.SettingsOf(Bind(
            ("WindowSizes:0", "00:01:00"), ("WindowSizes:1", "00:00:01"), ("WindowSizes:2", "00:00:05"), ("SeriesLimit", "50"),
            ("Streams:shop:GroupBy:0", "country"), ("Streams:shop:GroupBy:1", "device"), ("Streams:shop:GeoPrecision", "6")));
        Assert.Equal([1_000, 5_000, 60_000], settings.SizesMs);
        var shop = settings.ForStream("shop");
        Assert.Equal(["country", "device"], shop.GroupBy.Select(System.Text.Encoding.UTF8.GetString));
        Assert.Equal((6, 50), (shop.GeoPrecision, shop.SeriesLimit));
        Assert.Empty(settings.ForStream("other").GroupBy);
    }

    [Fact]
    public void Wrong_settings_are_all_named()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Bind(
            ("LiveInterval", "00:00:00"), ("RelativeError", "0.5"), ("WindowSizes:0", "00:00:02"), ("WindowSizes:1", "00:00:03"),
            ("Streams:shop:GroupBy:0", "a"), ("Streams:shop:GroupBy:1", "a"), ("Streams:shop:GeoPrecision", "13"), ("Streams:shop:SeriesLimit", "0")));
        Assert.Equal(
            [
                "LiveInterval: The field AggregatorOptions.LiveInterval must be between 00:00:00.0100000 and 00:01:00.",
                "RelativeError: The field AggregatorOptions.RelativeError must be between 0.0001 and 0.2.",
                "Streams:shop:GeoPrecision must be between 1 and 12.",
                "Streams:shop:GroupBy must not repeat a name.",
                "Streams:shop:SeriesLimit must be between 1 and 1000000.",
                "WindowSizes must be multiples of the smallest (00:00:02) and divisors of the largest (00:00:03).",
            ],
            error.Failures.Order());
    }

    [Theory]
    [InlineData("00:00:00.5")]
    [InlineData("02:00:00")]
    public void Window_sizes_are_whole_seconds_up_to_an_hour(string size)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Bind(("WindowSizes:0", size)));
        Assert.Equal(["WindowSizes must be whole seconds from 00:00:01 to 01:00:00."], error.Failures);
    }

    [Fact]
    public void Misspelt_setting_is_refused()
    {
        var error = Assert.Throws<OptionsValidationException>(() => Bind(("LiveIntervall", "00:00:01")));
        Assert.Contains("LiveIntervall", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    private static AggregatorOptions Bind(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create("Millrace:Aggregator:" + s.Name, (string?)s.Value))).Build();
        var services = new ServiceCollection();
        services.AddAggregator(configuration);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<AggregatorOptions>>().Value;
    }
}

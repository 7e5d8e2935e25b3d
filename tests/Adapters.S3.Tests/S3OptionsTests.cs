using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Ports.Objects;
using Xunit;

namespace Millrace.Adapters.S3.Tests;

public sealed class S3OptionsTests
{
    [Fact]
    public void Options_defaults_are_valid()
    {
        using var services = Build();

        Assert.Equal("millrace", services.GetRequiredService<IOptions<S3Options>>().Value.Bucket);
    }

    [Fact]
    public void Options_wrong_settings_are_all_named()
    {
        using var services = Build(
            ("Bucket", "b"), ("Endpoint", "ftp://store"), ("LinkEndpoint", "relative"), ("AccessKey", "key"), ("Prefix", "a//"), ("PartSize", "1"),
            ("AbortUploadsAfterDays", "-1"), ("Buckett", "x"));

        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IObjectStore>());

        Assert.Equal(
            [
                "AbortUploadsAfterDays: The field S3Options.AbortUploadsAfterDays must be between 0 and 365.",
                "Bucket: The field S3Options.Bucket must be a string with a minimum length of 3 and a maximum length of 63.",
                "Millrace:S3:AccessKey and Millrace:S3:SecretKey must be set together, or neither.",
                "Millrace:S3:Buckett is not a setting; did you mean 'Bucket'?",
                "Millrace:S3:Endpoint 'ftp://store/' is not an http or https URL.",
                "Millrace:S3:LinkEndpoint 'relative' is not an http or https URL.",
                "Millrace:S3:Prefix 'a//' must be like 'a/' or 'a/b/': segments that are not empty, '.' or '..', and '/' at the end.",
                "PartSize: The field S3Options.PartSize must be between 5242880 and 1073741824.",
            ],
            error.Failures.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Native", S3ConditionalPut.Native)]
    [InlineData("putonly", S3ConditionalPut.PutOnly)]
    [InlineData("HeadFirst", S3ConditionalPut.HeadFirst)]
    public void Options_choices_are_read_by_name(string text, S3ConditionalPut choice)
    {
        using var services = Build(("ConditionalPut", text));

        Assert.Equal(choice, services.GetRequiredService<IOptions<S3Options>>().Value.ConditionalPut);
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>("Millrace:S3:" + setting.Key, setting.Value))).Build();
        return new ServiceCollection().AddLogging().AddS3Adapter(configuration).BuildServiceProvider();
    }
}

using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Millrace.Adapters.S3.Tests.Support;
using Millrace.Hosting.Resilience;
using Millrace.Ports.Objects;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.S3.Tests;

public sealed class S3SetupTests(CephFixture ceph)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_makes_the_bucket_and_its_rules_and_becomes_healthy()
    {
        await using var bucket = await Bucket.CreateAsync(ceph, make: false);
        using var host = await StartAsync(bucket, ("CreateBucket", "true"), ("ConditionalPut", "PutOnly"), ("ExpireAfterDays", "400"));

        await Eventually.TrueAsync(async () => (await ReportAsync(host)).Status == HealthStatus.Healthy);

        var rules = await RulesAsync(bucket);
        Assert.Equal(["millrace-abort-uploads-all", "millrace-expire-all"], rules.Select(rule => rule.Id).Order());
        Assert.Equal(2, rules.First(rule => rule.Id == "millrace-abort-uploads-all").AbortIncompleteMultipartUpload.DaysAfterInitiation);
        Assert.Equal(400, rules.First(rule => rule.Id == "millrace-expire-all").Expiration.Days);
        var store = host.Services.GetRequiredService<IObjectStore>();
        Assert.Equal(PutOutcome.Created, await store.PutAsync("a.txt", new MemoryStream([1]), new ObjectPutOptions("text/plain"), Cancelled));
        await host.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Start_leaves_the_rules_of_others_as_they_are_and_replaces_its_own()
    {
        await using var bucket = await Bucket.CreateAsync(ceph);
        await bucket.Open().Client.PutLifecycleConfigurationAsync(
            new PutLifecycleConfigurationRequest
            {
                BucketName = bucket.Name,
                Configuration = new LifecycleConfiguration { Rules = [Expire("of-others", "logs/", 7), Expire("millrace-expire-one", "one/", 3)] },
            },
            Cancelled);

        using (var host = await StartAsync(bucket, ("ConditionalPut", "PutOnly"), ("Prefix", "one/"), ("AbortUploadsAfterDays", "5")))
        {
            await Eventually.TrueAsync(async () => (await RulesAsync(bucket)).Any(rule => rule.Id == "millrace-abort-uploads-one"));
            await host.StopAsync(Cancelled);
        }

        var rules = await RulesAsync(bucket);
        Assert.Equal(["millrace-abort-uploads-one", "of-others"], rules.Select(rule => rule.Id).Order());
        Assert.Equal(7, rules.First(rule => rule.Id == "of-others").Expiration.Days);
    }

    [Fact]
    public async Task Start_store_that_ignores_conditions_is_found_out()
    {
        // Ceph 16 refuses the second put, but not the second end of an upload in parts.
        await using var bucket = await Bucket.CreateAsync(ceph);
        using var host = await StartAsync(bucket);

        var report = await Eventually.ValueAsync(
            async () => await ReportAsync(host), report => report.Description?.Contains("looked at", StringComparison.Ordinal) == false);

        Assert.Equal(HealthStatus.Degraded, report.Status);
        Assert.Contains("set Millrace:S3:ConditionalPut to PutOnly", report.Description, StringComparison.Ordinal);
        await host.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Start_missing_bucket_or_wrong_secret_does_not_stop_the_host_and_is_told()
    {
        await using var bucket = await Bucket.CreateAsync(ceph, make: false);
        using var missing = await StartAsync(bucket);
        using var refused = await StartAsync(bucket, ("SecretKey", "wrong"));

        Assert.Contains("there is no bucket", (await ReportAsync(missing)).Description, StringComparison.Ordinal);
        Assert.Contains("Millrace:S3:SecretKey", (await ReportAsync(refused)).Description, StringComparison.Ordinal);

        await missing.StopAsync(Cancelled);
        await refused.StopAsync(Cancelled);
    }

    private static async Task<IHost> StartAsync(Bucket bucket, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(bucket.Settings(settings));
        builder.Services.AddLogging().AddS3Adapter(builder.Configuration).AddObjectRetries(builder.Configuration);
        var host = builder.Build();
        await host.StartAsync(Cancelled);
        return host;
    }

    private static async Task<HealthReportEntry> ReportAsync(IHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancelled)).Entries["s3"];

    private static async Task<List<LifecycleRule>> RulesAsync(Bucket bucket)
    {
        try
        {
            return (await bucket.Open().Client.GetLifecycleConfigurationAsync(bucket.Name, Cancelled)).Configuration.Rules ?? [];
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchLifecycleConfiguration")
        {
            return [];
        }
    }

    private static LifecycleRule Expire(string id, string prefix, int days) => new()
    {
        Id = id,
        Status = LifecycleRuleStatus.Enabled,
        Filter = new LifecycleFilter { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = prefix } },
        Expiration = new LifecycleRuleExpiration { Days = days },
    };
}

using Amazon.Runtime;
using Amazon.S3;
using Millrace.Archiver.Tests.Support;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Pipeline;

/// <summary>The archive with its objects on a real S3 server.</summary>
public sealed class S3ArchivingTests(ClickHouseFixture fixture)
{
    private const string Bucket = "archive";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Archive_while_the_store_goes_and_comes_back_puts_each_event_into_one_object()
    {
        await using var server = await CephServer.StartAsync(Cancelled);
        using (var client = new AmazonS3Client(
            new BasicAWSCredentials(server.AccessKey, server.SecretKey), new AmazonS3Config { ServiceURL = server.Endpoint.AbsoluteUri, ForcePathStyle = true }))
            await client.PutBucketAsync(Bucket, Cancelled);
        await using var stores = await Stores.OpenAsync(
            null, ("S3:Endpoint", server.Endpoint.AbsoluteUri), ("S3:AccessKey", server.AccessKey), ("S3:SecretKey", server.SecretKey), ("S3:Bucket", Bucket),
            ("S3:ConditionalPut", "PutOnly"), ("S3:Prefix", "one/"), ("ObjectRetries:MaxDelay", "00:00:01"));
        var good = ArchivingTests.Events(stores.Tenant, 3_000);
        await using (await ArchiverInstance.StartAsync(stores, fixture.ClickHouse))
        {
            await stores.AppendAsync([.. good.Take(1_000)]);
            await Eventually.TrueAsync(async () => await stores.ArchivedAsync("objects") > 0);
            await server.KillAsync(Cancelled);
            await stores.AppendAsync([.. good.Skip(1_000).Take(1_000)]);
            // The other half of the archive goes on without.
            await Eventually.TrueAsync(async () => await stores.ArchivedAsync("clickhouse") >= 2_000);
            Assert.False(await stores.IsDrainedAsync());
            await server.StartAgainAsync(Cancelled);
            await stores.AppendAsync([.. good.Skip(2_000)]);
            await Eventually.TrueAsync(async () => await stores.IsDrainedAsync(), TimeSpan.FromSeconds(90));
        }

        await Expectation.HoldsAsync(fixture, stores, good);
    }
}

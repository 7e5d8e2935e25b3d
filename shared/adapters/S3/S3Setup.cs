using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Workers;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>
/// Prepares the bucket when the host starts, and again until it succeeds: makes it where told, sets lifecycle rules, and tries out whether the store
/// keeps the condition of a put.
/// </summary>
internal sealed class S3Setup(
    S3ObjectStore store, S3Status status, IOptions<S3Options> options, TimeProvider time, ILogger<S3Setup> logger) : Worker(time, logger)
{
    /// <inheritdoc/>
    public override string Name => "s3.setup";

    private S3Options Options => options.Value;

    /// <inheritdoc/>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PrepareAsync(cancellationToken);
        }
        catch (ObjectStoreException e)
        {
            status.Problem = e.Message;
            throw;
        }

        // Nothing more to do, but a worker that ends is told as a fault.
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (Options.CreateBucket) await CreateBucketAsync(cancellationToken);
        var advice = await store.GuardAsync(
            "The store's conditions could not be tried out", () => new S3ConditionProbe(store, Options).RunAsync(cancellationToken), cancellationToken);
        if (advice is not null) Log.ConditionIgnored(logger, advice);

        await new S3Lifecycle(store, Options, logger).ApplyAsync(cancellationToken);
        status.Problem = advice;
    }

    private Task<bool> CreateBucketAsync(CancellationToken cancellationToken) => store.GuardAsync(
        $"The bucket '{Options.Bucket}' can't be made",
        async () =>
        {
            if (await ExistsAsync(cancellationToken)) return false;
            try
            {
                // AWS wants the region said; other stores refuse one that they don't know.
                await store.Client.PutBucketAsync(
                    new PutBucketRequest { BucketName = Options.Bucket, UseClientRegion = Options.Endpoint is null }, cancellationToken);
                Log.BucketMade(logger, Options.Bucket);
                return true;
            }
            catch (AmazonS3Exception e) when (e.ErrorCode is "BucketAlreadyOwnedByYou" or "BucketAlreadyExists")
            {
                return false; // Another instance was quicker; if it is somebody else's, the first use says so.
            }
        },
        cancellationToken);

    private async Task<bool> ExistsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await store.Client.HeadBucketAsync(new HeadBucketRequest { BucketName = Options.Bucket }, cancellationToken);
            return true;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }
}

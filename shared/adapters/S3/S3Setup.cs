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
    private const string Probe = "millrace-probe";
    private static readonly ObjectPutOptions ProbeOptions = new("text/plain");

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
        if (await IsConditionIgnoredAsync(cancellationToken))
        {
            status.Problem = "The store writes over objects although it is asked not to; see docs/s3.md on ConditionalPut.";
            Log.ConditionIgnored(logger, "PutObject");
        }
        else
        {
            status.Problem = null;
        }

        await new S3Lifecycle(store, Options, logger).ApplyAsync(cancellationToken);
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

    // Stores that don't know the condition take no notice of it, so the only way to know is to try. The object stays: were it removed, an instance
    // that starts at the same moment could put it between two puts of this one, and either would be misled.
    private async Task<bool> IsConditionIgnoredAsync(CancellationToken cancellationToken)
    {
        if (Options.ConditionalPut != S3ConditionalPut.Native) return false;
        await PutProbeAsync(cancellationToken);
        return await PutProbeAsync(cancellationToken) != PutOutcome.AlreadyExists;
    }

    private Task<PutOutcome> PutProbeAsync(CancellationToken cancellationToken) =>
        store.PutAsync(Probe, new MemoryStream("probe"u8.ToArray()), ProbeOptions, cancellationToken);
}

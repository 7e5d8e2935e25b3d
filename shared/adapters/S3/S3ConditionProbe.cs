using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>
/// Tries out whether the store keeps the condition of a put and of the end of an upload in parts. Stores that don't know it take no notice of it, so
/// the only way to know is to write twice.
/// </summary>
internal sealed class S3ConditionProbe(S3ObjectStore store, S3Options options)
{
    // It stays: were it removed, an instance that starts at the same moment could put it between two puts of this one, and either would be misled.
    private const string Key = "millrace-probe";

    // A refused body of up to 1 KiB is sent all the same, and Ceph's gateway takes it for the next request on the connection.
    private static readonly byte[] Content = [.. Enumerable.Repeat((byte)'-', 2_000)];

    /// <summary>What to set, where the store does not do what the options count on; else <see langword="null"/>.</summary>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        if (options.ConditionalPut == S3ConditionalPut.HeadFirst) return null;
        await PutAsync(cancellationToken);
        if (await PutAsync(cancellationToken) != PutOutcome.AlreadyExists)
        {
            return "The object store writes over objects although it is asked not to: set Millrace:S3:ConditionalPut to HeadFirst, and let one process at a "
                + "time write (docs/s3.md).";
        }

        if (options.ConditionalPut == S3ConditionalPut.PutOnly || await IsRefusedInPartsAsync(cancellationToken)) return null;
        return "The object store writes over objects when an upload in parts ends although it is asked not to: set Millrace:S3:ConditionalPut to PutOnly (docs/s3.md).";
    }

    private Task<PutOutcome> PutAsync(CancellationToken cancellationToken) =>
        store.PutAsync(Key, new MemoryStream(Content), new ObjectPutOptions("text/plain"), cancellationToken);

    private async Task<bool> IsRefusedInPartsAsync(CancellationToken cancellationToken)
    {
        var (client, bucket, key) = (store.Client, options.Bucket, options.Prefix + Key);
        var upload = (await client.InitiateMultipartUploadAsync(bucket, key, cancellationToken)).UploadId;
        using var content = new MemoryStream(Content);
        var part = await client.UploadPartAsync(
            new UploadPartRequest
            {
                BucketName = bucket,
                Key = key,
                UploadId = upload,
                PartNumber = 1,
                InputStream = content,
                PartSize = content.Length,
                UseChunkEncoding = false,
            },
            cancellationToken);
        try
        {
            await client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest { BucketName = bucket, Key = key, UploadId = upload, PartETags = [new PartETag(part)], IfNoneMatch = "*" },
                cancellationToken);
            return false;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            await client.AbortMultipartUploadAsync(bucket, key, upload, cancellationToken);
            return true;
        }
    }
}

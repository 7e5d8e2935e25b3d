using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Millrace.Hosting.Resilience;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>
/// One put. Content that fits into one part is put at once, more of it in parts; either way the store itself refuses the last step when the key exists
/// by then. What fails or is too late is aborted, so that no parts stay behind.
/// </summary>
internal sealed class S3Upload(IAmazonS3 client, S3Options options, S3Calls calls, ILogger logger)
{
    private const int MaxParts = 10_000;
    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Stores content under a full key.</summary>
    public async Task<PutOutcome> RunAsync(string key, Stream content, ObjectPutOptions put, CancellationToken cancellationToken)
    {
        var start = content.CanSeek ? content.Position : 0;
        using var part = new PartBuffer(PartSizeFor(content));
        await part.FillAsync(content, cancellationToken);
        if (part.IsLast)
        {
            using var all = part.OpenRead();
            return await PutAsync(key, all, put, cancellationToken);
        }

        if (options.ConditionalPut == S3ConditionalPut.PutOnly) return await PutWholeAsync(key, content, start, part, put, cancellationToken);
        // Not only to save the upload: it also spares a store that looks at the condition at the end only from keeping it.
        return await calls.ExistsAsync(key, cancellationToken) ? PutOutcome.AlreadyExists : await PutPartsAsync(key, content, part, put, cancellationToken);
    }

    private bool AsksFirst => options.ConditionalPut == S3ConditionalPut.HeadFirst;

    private string? Condition => AsksFirst ? null : "*";

    private async Task<PutOutcome> PutWholeAsync(
        string key, Stream content, long start, PartBuffer first, ObjectPutOptions put, CancellationToken cancellationToken)
    {
        if (content.CanSeek)
        {
            content.Position = start;
            return await PutAsync(key, content, put, cancellationToken);
        }

        await using var copy = await TemporaryCopy.CreateAsync(first.Bytes, content, cancellationToken);
        return await PutAsync(key, copy, put, cancellationToken);
    }

    // The content can seek: it is read twice, for its signature and to be sent.
    private async Task<PutOutcome> PutAsync(string key, Stream content, ObjectPutOptions put, CancellationToken cancellationToken)
    {
        if (AsksFirst && await calls.ExistsAsync(key, cancellationToken)) return PutOutcome.AlreadyExists;
        var length = content.Length - content.Position;
        var request = new PutObjectRequest
        {
            BucketName = options.Bucket,
            Key = key,
            InputStream = content,
            ContentType = put.ContentType,
            IfNoneMatch = Condition,
            // Signed as one: stores other than AWS do not all read a body that is signed chunk by chunk.
            UseChunkEncoding = false,
            AutoCloseStream = false,
            AutoResetStreamPosition = false,
        };
        request.Headers.ContentLength = length;
        AddMetadata(request.Metadata, put);
        return await ConditionallyAsync(() => calls.RunAsync("put", length, () => client.PutObjectAsync(request, cancellationToken)));
    }

    private async Task<PutOutcome> PutPartsAsync(
        string key, Stream content, PartBuffer part, ObjectPutOptions put, CancellationToken cancellationToken)
    {
        var initiate = new InitiateMultipartUploadRequest { BucketName = options.Bucket, Key = key, ContentType = put.ContentType };
        AddMetadata(initiate.Metadata, put);
        var upload = (await calls.RunAsync("initiate", 0, () => client.InitiateMultipartUploadAsync(initiate, cancellationToken))).UploadId;
        var outcome = PutOutcome.Unset;
        try
        {
            var parts = await SendPartsAsync(key, upload, content, part, cancellationToken);
            if (AsksFirst && await calls.ExistsAsync(key, cancellationToken)) return PutOutcome.AlreadyExists;
            var complete = new CompleteMultipartUploadRequest
            {
                BucketName = options.Bucket,
                Key = key,
                UploadId = upload,
                PartETags = parts,
                IfNoneMatch = Condition,
            };
            return outcome = await ConditionallyAsync(
                () => calls.RunAsync("complete", 0, () => client.CompleteMultipartUploadAsync(complete, cancellationToken)));
        }
        finally
        {
            if (outcome != PutOutcome.Created) await AbortAsync(key, upload);
        }
    }

    private async Task<List<PartETag>> SendPartsAsync(
        string key, string upload, Stream content, PartBuffer part, CancellationToken cancellationToken)
    {
        var parts = new List<PartETag>();
        for (var number = 1; part.Length > 0; number++)
        {
            if (number > MaxParts)
                throw new ObjectStoreException($"'{key}' has more than {MaxParts} parts; raise Millrace:S3:PartSize.", retryable: false);
            using var stream = part.OpenRead();
            var request = new UploadPartRequest
            {
                BucketName = options.Bucket,
                Key = key,
                UploadId = upload,
                PartNumber = number,
                InputStream = stream,
                PartSize = part.Length,
                UseChunkEncoding = false,
            };
            var stored = await calls.RunAsync("part", part.Length, () => client.UploadPartAsync(request, cancellationToken));
            parts.Add(new PartETag(stored));
            await part.FillAsync(content, cancellationToken);
        }

        return parts;
    }

    // Also when the caller has cancelled. What can't be aborted now, the bucket's lifecycle rule ends.
    private async Task AbortAsync(string key, string upload)
    {
        try
        {
            using var limit = new CancellationTokenSource(AbortTimeout);
            var request = new AbortMultipartUploadRequest { BucketName = options.Bucket, Key = key, UploadId = upload };
            await calls.RunAsync("abort", 0, () => client.AbortMultipartUploadAsync(request, limit.Token));
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // Ended already: the answer to the last request was lost, or the store has dropped it by itself.
        }
        catch (Exception e) when (S3Errors.IsStoreFailure(e, CancellationToken.None))
        {
            Log.NotAborted(logger, key, upload, e);
        }
    }

    private static async Task<PutOutcome> ConditionallyAsync<T>(Func<Task<T>> write)
    {
        try
        {
            await write();
            return PutOutcome.Created;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
        {
            return PutOutcome.AlreadyExists;
        }
    }

    private long PartSizeFor(Stream content) => content.CanSeek
        ? Math.Max(options.PartSize, ((content.Length - content.Position) / MaxParts) + 1)
        : options.PartSize;

    private static void AddMetadata(MetadataCollection metadata, ObjectPutOptions put)
    {
        foreach (var (name, value) in put.Metadata ?? new Dictionary<string, string>()) metadata[name] = value;
    }
}

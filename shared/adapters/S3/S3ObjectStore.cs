using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>Objects in a bucket of any store that speaks S3. Does each request once: retries are a decorator's.</summary>
internal sealed class S3ObjectStore : IObjectStore, IDisposable
{
    private const string MetadataPrefix = "x-amz-meta-";

    /// <summary>The longest that signature version 4 allows.</summary>
    private static readonly TimeSpan LongestLink = TimeSpan.FromDays(7);

    private readonly S3Options _options;
    private readonly TimeProvider _time;
    private readonly S3HttpClients _connections;
    private readonly AmazonS3Client _client;
    private readonly AmazonS3Client _linkClient;
    private readonly S3Calls _calls;
    private readonly S3Upload _upload;

    public S3ObjectStore(IOptions<S3Options> options, TimeProvider time, ILogger<S3ObjectStore> logger)
    {
        _options = options.Value;
        _time = time;
        _connections = new S3HttpClients(_options);
        _client = S3Client.Create(_options, _options.Endpoint, _connections);
        _linkClient = _options.LinkEndpoint is { } other ? S3Client.Create(_options, other, _connections) : _client;
        _calls = new S3Calls(_client, _options, time);
        _upload = new S3Upload(_client, _options, _calls, logger);
    }

    /// <summary>The client, for what is no part of the port.</summary>
    internal AmazonS3Client Client => _client;

    public Task<PutOutcome> PutAsync(string key, Stream content, ObjectPutOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(options);
        var full = Full(key);
        return GuardAsync(
            $"The object '{key}' could not be stored", () => _upload.RunAsync(full, content, options, cancellationToken), cancellationToken);
    }

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var full = Full(key);
        return GuardAsync(
            $"The object '{key}' can't be looked at",
            async () => await _calls.HeadAsync(full, cancellationToken) is { } found
                ? new ObjectInfo(key, found.ContentLength, Stamp(found.LastModified), MetadataOf(found.Metadata))
                : null,
            cancellationToken);
    }

    public Task<Stream?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var full = Full(key);
        return GuardAsync($"The object '{key}' can't be read", () => OpenAsync(key, full, offset, cancellationToken), cancellationToken);
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var request = new ListObjectsV2Request { BucketName = _options.Bucket, Prefix = _options.Prefix + prefix };
        ListObjectsV2Response page;
        do
        {
            page = await GuardAsync(
                $"The objects below '{prefix}' can't be listed",
                () => _calls.RunAsync("list", 0, () => _client.ListObjectsV2Async(request, cancellationToken)),
                cancellationToken);
            foreach (var found in page.S3Objects ?? [])
                yield return new ObjectInfo(found.Key[_options.Prefix.Length..], found.Size ?? 0, Stamp(found.LastModified), null);
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }

    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var request = new DeleteObjectRequest { BucketName = _options.Bucket, Key = Full(key) };
        return GuardAsync(
            $"The object '{key}' can't be removed", () => _calls.RunAsync("delete", 0, () => _client.DeleteObjectAsync(request, cancellationToken)), cancellationToken);
    }

    /// <summary>A link for at most 7 days, which is as long as a signature holds; longer lifetimes are refused with an exception.</summary>
    public Uri? CreateReadLink(string key, TimeSpan lifetime)
    {
        var full = Full(key);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lifetime, LongestLink);
        var request = new GetPreSignedUrlRequest
        {
            BucketName = _options.Bucket,
            Key = full,
            Verb = HttpVerb.GET,
            Expires = (_time.GetUtcNow() + lifetime).UtcDateTime,
            Protocol = (_options.LinkEndpoint ?? _options.Endpoint)?.Scheme == Uri.UriSchemeHttp ? Protocol.HTTP : Protocol.HTTPS,
        };
        try
        {
            return new Uri(_linkClient.GetPreSignedURL(request));
        }
        catch (Exception e) when (S3Errors.IsStoreFailure(e, CancellationToken.None))
        {
            throw S3Errors.Translate($"No link to the object '{key}' can be made", e, _options);
        }
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_linkClient, _client)) _linkClient.Dispose();
        _client.Dispose();
        _connections.Dispose();
    }

    /// <summary>Does something with the store; its failures become the port's exception.</summary>
    internal async Task<T> GuardAsync<T>(string what, Func<Task<T>> action, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await action();
        }
        catch (Exception e) when (e is not ObjectStoreException && S3Errors.IsStoreFailure(e, cancellationToken))
        {
            throw S3Errors.Translate(what, e, _options);
        }
    }

    private async Task<Stream?> OpenAsync(string key, string full, long offset, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest { BucketName = _options.Bucket, Key = full };
        if (offset > 0) request.ByteRange = new ByteRange($"bytes={offset}-");
        try
        {
            var answer = await _calls.RunAsync("get", 0, () => _client.GetObjectAsync(request, cancellationToken));
            return new S3ReadStream(answer.ResponseStream, answer, key, _options);
        }
        catch (AmazonS3Exception e) when (S3Errors.IsMissing(e))
        {
            return null;
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // From its end on an object is empty, which S3 calls no range.
            return await _calls.ExistsAsync(full, cancellationToken) ? new MemoryStream([], writable: false) : null;
        }
    }

    private string Full(string key)
    {
        ObjectKey.ThrowIfInvalid(key, Encoding.UTF8.GetByteCount(_options.Prefix));
        return _options.Prefix + key;
    }

    private static DateTimeOffset Stamp(DateTime? time) => time is { } known ? new DateTimeOffset(known.ToUniversalTime()) : default;

    private static Dictionary<string, string> MetadataOf(MetadataCollection metadata) => metadata.Keys.ToDictionary(
        name => name.StartsWith(MetadataPrefix, StringComparison.OrdinalIgnoreCase) ? name[MetadataPrefix.Length..] : name,
        name => metadata[name],
        StringComparer.Ordinal);
}

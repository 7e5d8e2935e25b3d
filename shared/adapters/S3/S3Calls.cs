using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace Millrace.Adapters.S3;

/// <summary>Requests to the store, counted and timed.</summary>
internal sealed class S3Calls(IAmazonS3 client, S3Options options, TimeProvider time)
{
    /// <summary>Does a request and records how it went.</summary>
    public async Task<T> RunAsync<T>(string operation, long sentBytes, Func<Task<T>> request)
    {
        var started = time.GetTimestamp();
        var outcome = "failed";
        try
        {
            var answer = await request();
            outcome = "ok";
            S3Metrics.Sent(sentBytes);
            return answer;
        }
        catch (AmazonS3Exception e) when ((int)e.StatusCode is >= 400 and < 500)
        {
            // Not found and precondition failed are answers like others; the rest of the 4xx is ours to mend.
            outcome = e.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed ? "ok" : "refused";
            throw;
        }
        finally
        {
            S3Metrics.Requested(operation, outcome, time.GetElapsedTime(started));
        }
    }

    /// <summary>The properties of an object by its full key, or <see langword="null"/>.</summary>
    public async Task<GetObjectMetadataResponse?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var request = new GetObjectMetadataRequest { BucketName = options.Bucket, Key = key };
            return await RunAsync("head", 0, () => client.GetObjectMetadataAsync(request, cancellationToken));
        }
        catch (AmazonS3Exception e) when (S3Errors.IsMissing(e))
        {
            return null;
        }
    }

    /// <summary>Whether there is an object under a full key.</summary>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => await HeadAsync(key, cancellationToken) is not null;
}

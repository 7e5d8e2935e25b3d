using System.Globalization;
using System.Net;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>Turns what the SDK throws into the port's exception, with what to do about it.</summary>
internal static class S3Errors
{
    private static readonly string[] Passing =
    [
        "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "RequestTimeTooSkewed", "OperationAborted", "ConditionalRequestConflict",
        "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "BandwidthLimitExceeded", "ExpiredToken",
    ];

    /// <summary>Whether an exception is the store's or the network's, and not the caller's.</summary>
    public static bool IsStoreFailure(Exception e, CancellationToken cancellationToken) => e switch
    {
        AmazonClientException or AmazonServiceException or HttpErrorResponseException => true,
        HttpRequestException or IOException or TimeoutException => true,
        // The SDK's own timeout looks like a cancellation.
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        _ => false,
    };

    /// <summary>The exception to throw.</summary>
    /// <param name="what">What could not be done.</param>
    /// <param name="e">What the SDK threw.</param>
    /// <param name="options">For what to say.</param>
    public static ObjectStoreException Translate(string what, Exception e, S3Options options)
    {
        var service = e as AmazonServiceException;
        var message = $"{what}: {Reason(e, service, options)}";
        return new ObjectStoreException(message, IsRetryable(e, service, options), e) { RetryAfter = RetryAfter(e) };
    }

    /// <summary>No such object; or, of a HEAD, which has no body to say so, no such bucket.</summary>
    public static bool IsMissing(AmazonS3Exception e) => e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket";

    private static bool IsRetryable(Exception e, AmazonServiceException? service, S3Options options)
    {
        // Without an answer nobody knows; credentials that can't be found may come, as from an instance's metadata, but not by themselves.
        if (service is null || (int)service.StatusCode == 0) return !IsWithoutCredentials(e);
        if (service.ErrorCode == "NoSuchBucket") return options.CreateBucket;
        // 405 is no answer to anything that is asked here: Ceph's gateway takes the unread body of a small request that it has refused for the next one.
        return (int)service.StatusCode is >= 500 or 405 || service.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            || Passing.Contains(service.ErrorCode, StringComparer.Ordinal);
    }

    private static string Reason(Exception e, AmazonServiceException? service, S3Options options) => service?.ErrorCode switch
    {
        "NoSuchBucket" => $"there is no bucket '{options.Bucket}'; make it, or set Millrace:S3:CreateBucket.",
        "InvalidAccessKeyId" => "the store does not know the access key; check Millrace:S3:AccessKey.",
        "SignatureDoesNotMatch" => "the store refuses the signature; check Millrace:S3:SecretKey, and Millrace:S3:Region.",
        "AuthorizationHeaderMalformed" => $"the store refuses the region '{options.Region}'; check Millrace:S3:Region. {service.Message}",
        "AccessDenied" => $"the credentials lack a right on the bucket '{options.Bucket}' (docs/s3.md lists them).",
        // The answer to a HEAD has no body that could say more.
        "Forbidden" => $"the store refuses the credentials, or they lack a right on the bucket '{options.Bucket}'; check Millrace:S3:AccessKey and Millrace:S3:SecretKey.",
        "RequestTimeTooSkewed" => "the clocks of this machine and the store differ too much.",
        _ when IsWithoutCredentials(e) => "no credentials; set Millrace:S3:AccessKey and Millrace:S3:SecretKey, or give the AWS SDK some.",
        _ when e is OperationCanceledException => $"no answer within {options.RequestTimeout.TotalSeconds:0.#} s.",
        null => Innermost(e).Message,
        _ when string.IsNullOrEmpty(service.ErrorCode) || service.Message.Contains(service.ErrorCode, StringComparison.Ordinal) =>
            $"{(int)service.StatusCode} {service.Message}",
        _ => $"{(int)service.StatusCode} {service.ErrorCode}: {service.Message}",
    };

    private static bool IsWithoutCredentials(Exception e) =>
        e is AmazonClientException && e.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase)
        && e.InnerException is not (HttpRequestException or IOException);

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    private static TimeSpan? RetryAfter(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is HttpErrorResponseException { Response: { } response } && response.IsHeaderPresent("Retry-After"))
            {
                return int.TryParse(response.GetHeaderValue("Retry-After"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                    ? TimeSpan.FromSeconds(seconds)
                    : null;
            }
        }

        return null;
    }
}

using Amazon;
using Amazon.Runtime;
using Amazon.S3;

namespace Millrace.Adapters.S3;

/// <summary>Makes the SDK's client as the options want it.</summary>
internal static class S3Client
{
    /// <summary>A client of one address of the store.</summary>
    public static AmazonS3Client Create(S3Options options, Uri? endpoint, S3HttpClients connections)
    {
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle,
            // Retries are the decorator's, so that each is counted once and all stores are treated alike.
            MaxErrorRetry = 0,
            MaxStaleConnectionRetries = 0,
            ThrottleRetries = false,
            HttpClientFactory = connections,
            RequestChecksumCalculation = options.Checksums == S3Checksums.WhenSupported
                ? RequestChecksumCalculation.WHEN_SUPPORTED
                : RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = options.Checksums == S3Checksums.WhenSupported
                ? ResponseChecksumValidation.WHEN_SUPPORTED
                : ResponseChecksumValidation.WHEN_REQUIRED,
            // What stands in the machine's AWS profile is for credentials; where the store is, is ours to say.
            IgnoreConfiguredEndpointUrls = true,
        };
        if (endpoint is null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(options.Region);
        }
        else
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = options.Region;
            config.UseHttp = endpoint.Scheme == Uri.UriSchemeHttp;
        }

        return string.IsNullOrEmpty(options.AccessKey)
            ? new AmazonS3Client(config)
            : new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), config);
    }
}

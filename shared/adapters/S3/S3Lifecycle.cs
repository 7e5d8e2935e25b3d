using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.S3;

/// <summary>
/// The lifecycle rules that are ours, by their ids. A bucket has one set of rules, which is replaced as a whole: those of others are put back as they were.
/// </summary>
internal sealed class S3Lifecycle(S3ObjectStore store, S3Options options, ILogger logger)
{
    private const string Ours = "millrace-";

    private string Scope => options.Prefix.Length == 0 ? "all" : options.Prefix.TrimEnd('/').Replace('/', '-');

    /// <summary>Sets the rules where they differ. A store that refuses them is left alone with a warning.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        var wanted = Wanted();
        try
        {
            var known = await ReadAsync(cancellationToken);
            var present = known.Where(IsOurs).ToList();
            if (present.Count == wanted.Count && wanted.All(rule => present.Any(other => IsSame(rule, other)))) return;
            await WriteAsync([.. known.Where(rule => !IsOurs(rule)), .. wanted], cancellationToken);
            Log.LifecycleSet(logger, options.Bucket, wanted.Count == 0 ? "none" : string.Join(", ", wanted.Select(rule => rule.Id)));
        }
        catch (AmazonServiceException e) when (wanted.Count > 0 && (int)e.StatusCode is (>= 400 and < 500) or 501)
        {
            Log.LifecycleRefused(logger, options.Bucket, S3Errors.Translate(e.ErrorCode ?? "refused", e, options).Message);
        }
        catch (AmazonServiceException e) when (wanted.Count == 0 && (int)e.StatusCode is (>= 400 and < 500) or 501)
        {
            // None wanted, and none can be there.
        }
        catch (Exception e) when (S3Errors.IsStoreFailure(e, cancellationToken))
        {
            throw S3Errors.Translate($"The lifecycle rules of the bucket '{options.Bucket}' can't be set", e, options);
        }
    }

    private List<LifecycleRule> Wanted()
    {
        var rules = new List<LifecycleRule>();
        if (options.AbortUploadsAfterDays > 0)
        {
            var rule = NewRule("abort-uploads");
            rule.AbortIncompleteMultipartUpload = new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = options.AbortUploadsAfterDays };
            rules.Add(rule);
        }

        if (options.ExpireAfterDays > 0)
        {
            var rule = NewRule("expire");
            rule.Expiration = new LifecycleRuleExpiration { Days = options.ExpireAfterDays };
            rules.Add(rule);
        }

        return rules;
    }

    private LifecycleRule NewRule(string what) => new()
    {
        Id = $"{Ours}{what}-{Scope}",
        Status = LifecycleRuleStatus.Enabled,
        Filter = new LifecycleFilter { LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = options.Prefix } },
    };

    // Installations that share a bucket have each their own rules.
    private bool IsOurs(LifecycleRule rule) => rule.Id == $"{Ours}abort-uploads-{Scope}" || rule.Id == $"{Ours}expire-{Scope}";

    private static bool IsSame(LifecycleRule one, LifecycleRule other) =>
        one.Id == other.Id && other.Status == LifecycleRuleStatus.Enabled
        && one.AbortIncompleteMultipartUpload?.DaysAfterInitiation == other.AbortIncompleteMultipartUpload?.DaysAfterInitiation
        && one.Expiration?.Days == other.Expiration?.Days;

    private async Task<List<LifecycleRule>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var answer = await store.Client.GetLifecycleConfigurationAsync(
                new GetLifecycleConfigurationRequest { BucketName = options.Bucket }, cancellationToken);
            return answer.Configuration?.Rules ?? [];
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
        {
            return [];
        }
    }

    private async Task WriteAsync(List<LifecycleRule> rules, CancellationToken cancellationToken)
    {
        if (rules.Count == 0)
        {
            await store.Client.DeleteLifecycleConfigurationAsync(
                new DeleteLifecycleConfigurationRequest { BucketName = options.Bucket }, cancellationToken);
            return;
        }

        await store.Client.PutLifecycleConfigurationAsync(
            new PutLifecycleConfigurationRequest { BucketName = options.Bucket, Configuration = new LifecycleConfiguration { Rules = rules } },
            cancellationToken);
    }
}

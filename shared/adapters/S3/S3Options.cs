using System.ComponentModel.DataAnnotations;
using System.Text;
using Microsoft.Extensions.Options;
using Millrace.Ports.Objects;

namespace Millrace.Adapters.S3;

/// <summary>Settings of the S3 object store, section <c>Millrace:S3</c>.</summary>
public sealed class S3Options
{
    /// <summary>The bucket; several installations may share one, each with its <see cref="Prefix"/>.</summary>
    [Required, StringLength(63, MinimumLength = 3)]
    public string Bucket { get; set; } = "millrace";

    /// <summary>Address of the store, such as <c>http://minio:9000</c>. Unset: AWS, in <see cref="Region"/>.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>Address of the store for those who follow a read link, where that is another one than for this process. Unset: the same.</summary>
    public Uri? LinkEndpoint { get; set; }

    /// <summary>Region that requests are signed for. Default <c>us-east-1</c>, which stores other than AWS take; R2 wants <c>auto</c>.</summary>
    [Required, StringLength(64, MinimumLength = 1)]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Access key. Unset: the AWS SDK looks for credentials itself (environment, profile, web identity, instance).</summary>
    public string? AccessKey { get; set; }

    /// <summary>Secret of <see cref="AccessKey"/>.</summary>
    public string? SecretKey { get; set; }

    /// <summary>
    /// Whether the bucket stands in the path of an address instead of in the name of its host. Default true, which every store takes but AWS for new kinds of buckets.
    /// </summary>
    public bool PathStyle { get; set; } = true;

    /// <summary>Whether the SDK adds and checks checksums beyond what an operation needs. Default <c>WhenRequired</c>; AWS and new MinIO also take <c>WhenSupported</c>.</summary>
    [EnumDataType(typeof(S3Checksums))]
    public S3Checksums Checksums { get; set; } = S3Checksums.WhenRequired;

    /// <summary>How an existing object is kept from being written over. Default <c>Native</c>; see docs/s3.md for stores that can't.</summary>
    [EnumDataType(typeof(S3ConditionalPut))]
    public S3ConditionalPut ConditionalPut { get; set; } = S3ConditionalPut.Native;

    /// <summary>What stands before all keys, such as <c>millrace/</c>. Default nothing.</summary>
    [StringLength(200)]
    public string Prefix { get; set; } = "";

    /// <summary>Whether a missing bucket is made at start. Default false.</summary>
    public bool CreateBucket { get; set; }

    /// <summary>
    /// Larger content is uploaded in parts of so many bytes, one at a time, each of which is in memory while it is sent. Default 16 MiB. There are at most
    /// 10,000 parts, so content of known length takes larger ones where it must, and content of unknown length ends at 10,000 of these (156 GiB).
    /// </summary>
    [Range(5L << 20, 1L << 30)]
    public long PartSize { get; set; } = 16L << 20;

    /// <summary>Longest wait for a connection. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for an answer, the upload of a part included, and for the next bytes while an object is read. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Days after which the store removes the parts of an upload that was never ended. Default 2; 0 leaves the bucket's rules alone.</summary>
    [Range(0, 365)]
    public int AbortUploadsAfterDays { get; set; } = 2;

    /// <summary>Days after which the store removes objects. Default 0: never.</summary>
    [Range(0, 36_500)]
    public int ExpireAfterDays { get; set; }
}

/// <summary>When checksums are added and checked.</summary>
public enum S3Checksums
{
    /// <summary>Only where the operation demands one.</summary>
    WhenRequired = 0,

    /// <summary>Wherever there can be one.</summary>
    WhenSupported = 1,
}

/// <summary>How an existing object is kept from being written over.</summary>
public enum S3ConditionalPut
{
    /// <summary>By the store, with <c>If-None-Match: *</c>: exact, whoever else writes.</summary>
    Native = 0,

    /// <summary>
    /// By the store, for one that keeps the condition when an object is put, but not when an upload in parts ends: all content goes in one request, up to
    /// 5 GiB, for which <see cref="S3Options.RequestTimeout"/> must be long enough.
    /// </summary>
    PutOnly = 1,

    /// <summary>By asking first. Two writers of one key at the same moment can both succeed, and the later one's object stays.</summary>
    HeadFirst = 2,
}

/// <summary>Checks the annotations of <see cref="S3Options"/>.</summary>
[OptionsValidator]
internal sealed partial class S3OptionsValidator : IValidateOptions<S3Options>;

/// <summary>The rules that attributes can't say.</summary>
internal sealed class S3OptionsRules : IValidateOptions<S3Options>
{
    public ValidateOptionsResult Validate(string? name, S3Options options)
    {
        var failures = new List<string>();
        if (string.IsNullOrEmpty(options.AccessKey) != string.IsNullOrEmpty(options.SecretKey))
            failures.Add("Millrace:S3:AccessKey and Millrace:S3:SecretKey must be set together, or neither.");
        CheckUrl(nameof(options.Endpoint), options.Endpoint, failures);
        CheckUrl(nameof(options.LinkEndpoint), options.LinkEndpoint, failures);
        if (options.Prefix.Length > 0 && !IsPrefix(options.Prefix))
            failures.Add($"Millrace:S3:Prefix '{options.Prefix}' must be like 'a/' or 'a/b/': segments that are not empty, '.' or '..', and '/' at the end.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void CheckUrl(string setting, Uri? url, List<string> failures)
    {
        if (url is not null && (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https")))
            failures.Add($"Millrace:S3:{setting} '{url}' is not an http or https URL.");
    }

    private static bool IsPrefix(string prefix)
    {
        if (prefix[^1] != '/') return false;
        try
        {
            ObjectKey.ThrowIfInvalid(prefix[..^1]);
            return Encoding.UTF8.GetByteCount(prefix) < ObjectKey.MaxBytes / 2;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}

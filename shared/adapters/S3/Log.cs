using Microsoft.Extensions.Logging;

namespace Millrace.Adapters.S3;

/// <summary>Log messages of this project: event ids 8375 to 8499.</summary>
internal static partial class Log
{
    [LoggerMessage(8375, LogLevel.Warning, "The upload {Upload} of {Key} could not be aborted; the bucket's lifecycle rule ends it.")]
    public static partial void NotAborted(ILogger logger, string key, string upload, Exception exception);

    [LoggerMessage(8376, LogLevel.Information, "Made the bucket {Bucket}.")]
    public static partial void BucketMade(ILogger logger, string bucket);

    [LoggerMessage(8377, LogLevel.Information, "Set the lifecycle rules of the bucket {Bucket}: {Rules}.")]
    public static partial void LifecycleSet(ILogger logger, string bucket, string rules);

    [LoggerMessage(8378, LogLevel.Warning, "The store did not take lifecycle rules for the bucket {Bucket}: {Reason}. Set them by hand; uploads that were never ended stay until then.")]
    public static partial void LifecycleRefused(ILogger logger, string bucket, string reason);

    [LoggerMessage(8379, LogLevel.Error, "{Advice}")]
    public static partial void ConditionIgnored(ILogger logger, string advice);
}

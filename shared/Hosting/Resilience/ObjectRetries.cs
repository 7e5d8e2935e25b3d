using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.Objects;
using Polly;
using Polly.Retry;

namespace Millrace.Hosting.Resilience;

/// <summary>Repeats what failed with a failure that may pass: exponential backoff with jitter, never sooner than the store asked for.</summary>
internal sealed class ObjectRetries
{
    private static readonly Meter Meter = new("Millrace.Objects");

    private static readonly Counter<long> Retries =
        Meter.CreateCounter<long>("millrace.objects.retries", "{attempt}", "Requests to the object store that failed and were repeated, by operation.");

    private static readonly ResiliencePropertyKey<string> Operation = new("operation");
    private readonly ResiliencePipeline _pipeline;

    public ObjectRetries(IOptions<ObjectRetryOptions> options, TimeProvider time, ILogger<ObjectRetries> logger)
    {
        var retry = options.Value;
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (retry.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is ObjectStoreException { Retryable: true }),
                MaxRetryAttempts = retry.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = retry.BaseDelay,
                MaxDelay = retry.MaxDelay,
                // Null leaves the delay to the backoff.
                DelayGenerator = arguments => ValueTask.FromResult(
                    (arguments.Outcome.Exception as ObjectStoreException)?.RetryAfter is { } asked ? Shorter(asked, retry.MaxDelay) : (TimeSpan?)null),
                OnRetry = arguments =>
                {
                    var operation = arguments.Context.Properties.GetValue(Operation, "");
                    Retries.Add(1, new KeyValuePair<string, object?>("operation", operation));
                    Log.ObjectsRetried(logger, operation, arguments.AttemptNumber + 1, arguments.RetryDelay.TotalSeconds, arguments.Outcome.Exception?.Message ?? "");
                    return ValueTask.CompletedTask;
                },
            });
        }

        _pipeline = builder.Build();
    }

    /// <summary>Does something, again where that may help; what fails for good is thrown as it is.</summary>
    public async Task<T> RunAsync<T>(string operation, Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Operation, operation);
        try
        {
            return await _pipeline.ExecuteAsync(
                static async (context, action) => await action(context.CancellationToken), context, action);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static TimeSpan? Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

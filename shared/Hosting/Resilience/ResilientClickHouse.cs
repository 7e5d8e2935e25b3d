using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Ports.ClickHouse;
using Polly;
using Polly.Retry;

namespace Millrace.Hosting.Resilience;

/// <summary>
/// Repeats the queries of any <see cref="IClickHouse"/> that fail before their first row because the server could not be reached: it has just been started
/// again, or another replica answers. All else goes through: an insert or a change that failed may have been done.
/// </summary>
internal sealed class ResilientClickHouse : IClickHouse
{
    private readonly IClickHouse _inner;
    private readonly ResiliencePipeline _pipeline;

    public ResilientClickHouse(IClickHouse inner, IOptions<ClickHouseRetryOptions> options, TimeProvider time, ILogger<ResilientClickHouse> logger)
    {
        _inner = inner;
        var builder = new ResiliencePipelineBuilder { TimeProvider = time };
        if (options.Value.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Exception is ClickHouseException { Retryable: true, Code: 0 }),
                MaxRetryAttempts = options.Value.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.Value.BaseDelay,
                OnRetry = arguments =>
                {
                    Log.ClickHouseRetried(logger, arguments.AttemptNumber + 1, arguments.RetryDelay.TotalSeconds, arguments.Outcome.Exception?.Message ?? "");
                    return ValueTask.CompletedTask;
                },
            });
        }

        _pipeline = builder.Build();
    }

    public Task PingAsync(CancellationToken cancellationToken) => _inner.PingAsync(cancellationToken);

    public Task ExecuteAsync(ClickHouseQuery statement, CancellationToken cancellationToken) => _inner.ExecuteAsync(statement, cancellationToken);

    public async Task<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken) => await _pipeline.ExecuteAsync(
        static async (state, token) => await state._inner.QueryAsync(state.query, token), (_inner, query), cancellationToken);

    public Task<ClickHouseWritten> InsertAsync(ClickHouseInsert insert, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken) =>
        _inner.InsertAsync(insert, writeBody, cancellationToken);
}

using System.Buffers;
using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>
/// Runs statements in the engine, which blocks, on threads of the pool (there are as many as there may be statements), and cancels them when the client has gone.
/// </summary>
internal sealed class StatementRunner(ChdbEngine engine, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<StatementRunner> logger)
{
    private const int ReadBytes = 256 * 1024;
    private static readonly TimeSpan _killInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs a statement that gives rows and sends them as they come.</summary>
    /// <exception cref="ChdbException">It failed.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<QueryStatistics> StreamAsync(RequestContext request, ChdbConnection connection, SplitStatement statement, string format, HeldResponse response)
    {
        using var pipe = new ResultPipe();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(request.Gone, lifetime.ApplicationStopping);
        var sql = $"{statement.Core}\nINTO OUTFILE '{pipe.Path}' APPEND FORMAT {format} {statement.TrailingSettings}";
        var run = Task.Run(() =>
        {
            try
            {
                using var result = connection.Query(sql, format, request.Parameters.Parameters);
                return result.Statistics;
            }
            finally
            {
                pipe.Finish();
            }
        });
        var kill = KillWhenAsync(run, request.Tag, cancel.Token);
        var failure = await CopyAsync(pipe, response, cancel);
        await kill;
        if (failure is not null)
        {
            // The client is gone; how its query ended concerns nobody.
            await run.ContinueWith(static _ => { }, TaskScheduler.Default);
            throw new OperationCanceledException("The client has gone.", failure);
        }
        return await run;
    }

    /// <summary>Runs any other statement; what little it gives is sent at the end.</summary>
    /// <exception cref="ChdbException">It failed.</exception>
    public async Task<QueryStatistics> ExecuteAsync(RequestContext request, ChdbConnection connection, string sql, string format, HeldResponse response)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(request.Gone, lifetime.ApplicationStopping);
        var run = Task.Run(() => connection.Query(sql, format, request.Parameters.Parameters));
        await KillWhenAsync(run, request.Tag, cancel.Token);
        using var result = await run;
        if (result.Data.Length > 0) await response.WriteAsync(result.Data.ToArray(), request.Gone);
        return result.Statistics;
    }

    /// <summary>Reads the pipe to its end, also when nobody wants the rows any more: the engine must not block on a full pipe.</summary>
    /// <returns>Why the rows could not be sent, or <see langword="null"/>.</returns>
    private static async Task<Exception?> CopyAsync(ResultPipe pipe, HeldResponse response, CancellationTokenSource cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        Exception? failure = null;
        try
        {
            // Off the caller's thread: reading blocks.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            int read;
            while ((read = pipe.Read(buffer)) > 0)
            {
                if (failure is not null) continue;
                try
                {
                    await response.WriteAsync(buffer.AsMemory(0, read), cancel.Token);
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    failure = e;
                    await cancel.CancelAsync();
                }
            }
            return failure;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Kills the query once it is cancelled; again and again, for it may not have begun when it is first asked to end.</summary>
    private async Task KillWhenAsync(Task run, string tag, CancellationToken cancelled)
    {
        var cancellation = Task.Delay(Timeout.InfiniteTimeSpan, time, cancelled);
        await Task.WhenAny(run, cancellation);
        while (!run.IsCompleted)
        {
            await Task.Run(() => Kill(tag), CancellationToken.None);
            await Task.WhenAny(run, Task.Delay(_killInterval, time, CancellationToken.None));
        }
    }

    private void Kill(string tag)
    {
        try
        {
            engine.Kill(tag);
        }
        catch (ChdbException e)
        {
            Log.KillFailed(logger, e.Message);
        }
    }
}

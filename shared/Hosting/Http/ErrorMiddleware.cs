using System.Data.Common;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Contracts.Errors;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;
using Millrace.Ports.Objects;

namespace Millrace.Hosting.Http;

/// <summary>
/// Turns what escapes an endpoint, and answers without a body that the framework itself gives (404, 405, 415), into problem details.
/// A request that completes synchronously and well passes through without a state machine.
/// </summary>
internal sealed class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    // SQLSTATE of PostgreSQL for a text with U+0000.
    private const string NotInRepertoire = "22021";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        // No text that means anything holds it, and not every database can keep it.
        if (context.Request.QueryString.HasValue && context.Request.QueryString.Value!.Contains("%00", StringComparison.Ordinal))
            return Problems.WriteAsync(context, ErrorCodes.BadRequest, "The query string holds U+0000, which no text here may.");
        Task task;
        try
        {
            task = next(context);
        }
        catch (Exception e)
        {
            return FailAsync(context, e);
        }

        return task.IsCompletedSuccessfully && !IsBare(context) ? Task.CompletedTask : AwaitAsync(context, task);
    }

    private async Task AwaitAsync(HttpContext context, Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e)
        {
            await FailAsync(context, e);
            return;
        }

        if (IsBare(context))
            await ExplainAsync(context);
    }

    private async Task FailAsync(HttpContext context, Exception exception)
    {
        switch (exception)
        {
            case OperationCanceledException or IOException when context.RequestAborted.IsCancellationRequested:
                return; // The client has gone: nobody reads an answer.
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                await Problems.WriteAsync(context, ErrorCodes.TooLarge, "The body is larger than this endpoint takes.");
                return;
            case BadHttpRequestException bad:
                await Problems.WriteAsync(context, bad.StatusCode == StatusCodes.Status415UnsupportedMediaType
                    ? ErrorCodes.UnsupportedMediaType
                    : ErrorCodes.BadRequest, bad.Message);
                return;
            case DbException { SqlState: NotInRepertoire }:
                await Problems.WriteAsync(context, ErrorCodes.BadRequest, "A text of the request holds U+0000, which no text here may.");
                return;
            case DependencyException dependency:
                Log.DependencyFailed(logger, context.Request.Path, exception);
                await Problems.WriteAsync(context, ErrorCodes.Unavailable, dependency.Message);
                return;
            case EventLogException { Retryable: true } or ObjectStoreException { Retryable: true } or MetadataDatabaseException { Retryable: true }
                or DbException { IsTransient: true }:
                Log.DependencyFailed(logger, context.Request.Path, exception);
                if (!context.Response.HasStarted) context.Response.Headers.RetryAfter = "2";
                await Problems.WriteAsync(context, ErrorCodes.Unavailable, "Something that this needs does not answer; try again.");
                return;
            default:
                Log.RequestFailed(logger, context.Request.Method, context.Request.Path, Problems.TraceIdOf(context), exception);
                await Problems.WriteAsync(context, ErrorCodes.Internal, "This is our fault. Its trace_id stands in the server's log.");
                return;
        }
    }

    private static bool IsBare(HttpContext context)
    {
        var response = context.Response;
        return response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null && response.ContentLength is null or 0;
    }

    private static Task ExplainAsync(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problems.WriteAsync(context, ErrorCodes.NotFound, "There is nothing at this path."),
        StatusCodes.Status405MethodNotAllowed => Problems.WriteAsync(
            context,
            ErrorCodes.MethodNotAllowed,
            context.Response.Headers.Allow is { Count: > 0 } allow ? $"This path takes {allow}." : "This path takes another method."),
        StatusCodes.Status413PayloadTooLarge => Problems.WriteAsync(context, ErrorCodes.TooLarge, "The body is larger than this endpoint takes."),
        StatusCodes.Status415UnsupportedMediaType => Problems.WriteAsync(
            context, ErrorCodes.UnsupportedMediaType, "This endpoint does not take that content type."),
        StatusCodes.Status400BadRequest => Problems.WriteAsync(context, ErrorCodes.BadRequest, "The request is malformed."),
        _ => Task.CompletedTask,
    };
}

/// <summary>Puts the middleware first in every host that adds Millrace's hosting.</summary>
internal sealed class ErrorStartupFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.UseMiddleware<ErrorMiddleware>();
        next(app);
    };
}

using Millrace.ClickHouse.Embedded.Auth;
using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>ClickHouse's HTTP interface: <c>/ping</c>, <c>/replicas_status</c> and the statements at <c>/</c>.</summary>
internal sealed class ClickHouseEndpoint(
    ChdbEngine engine, Authenticator authenticator, QueryAdmission admission, StatementHandler statements, ILogger<ClickHouseEndpoint> logger)
{
    private const string Ok = "Ok.\n";

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value;
        if (path is "/ping" or "/replicas_status" || (path == "/" && HttpMethods.IsGet(context.Request.Method) && !context.Request.QueryString.HasValue))
        {
            await WriteTextAsync(context, StatusCodes.Status200OK, Ok);
        }
        else if (path != "/")
        {
            await WriteTextAsync(context, StatusCodes.Status404NotFound, $"There is no handle {path}\n\nUse / or /ping for health checks.\nOr /replicas_status for more sophisticated health checks.\n\nSend queries from your program with POST method or GET /?query=...\n");
        }
        else if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsPost(context.Request.Method))
        {
            await WriteTextAsync(context, StatusCodes.Status501NotImplemented, "Only GET and POST are supported.\n");
        }
        else
        {
            await HandleStatementAsync(context);
        }
    }

    private async Task HandleStatementAsync(HttpContext context)
    {
        context.Response.Headers["X-ClickHouse-Server-Display-Name"] = "millrace";
        context.Response.Headers["X-ClickHouse-Timezone"] = "UTC";
        try
        {
            var credentials = Credentials.Of(context.Request);
            var principal = await AuthenticateAsync(credentials, context);
            var parameters = RequestParameters.Of(context.Request);
            context.Response.Headers["X-ClickHouse-Query-Id"] = parameters.QueryId;
            using var place = admission.Enter(principal);
            await using var body = RequestBody.Open(context.Request);
            await statements.HandleAsync(new RequestContext(context, principal, parameters, body));
        }
        catch (ChdbException e)
        {
            await FailAsync(context, e);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException or BadHttpRequestException)
        {
            Log.ClientGone(logger);
        }
    }

    private async Task<Principal> AuthenticateAsync(Credentials credentials, HttpContext context)
    {
        try
        {
            return await authenticator.AuthenticateAsync(credentials, context.RequestAborted);
        }
        catch (ChdbException)
        {
            Log.AuthenticationFailed(logger, credentials.User, context.Connection.RemoteIpAddress);
            throw;
        }
    }

    private async Task FailAsync(HttpContext context, ChdbException error)
    {
        var response = context.Response;
        response.Headers.ContentEncoding = default;
        response.Headers["X-ClickHouse-Exception-Code"] = error.Code.ToString();
        Log.Failed(logger, error.Code, error.Message);
        await WriteTextAsync(context, ErrorStatus.Of(error.Code), ExceptionTrailer.Text(error, engine.Version) + "\n");
    }

    private static async Task WriteTextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=UTF-8";
        context.Response.ContentLength = System.Text.Encoding.UTF8.GetByteCount(text);
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Authentication;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Http;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary>
/// <c>POST /api/{method}</c>: the server API, with the requests and answers of Centrifugo's. Refusals of the credential are our usual problems; everything else is
/// answered with 200 and <c>{"result":…}</c> or <c>{"error":…}</c>, or with the error's own status where <c>X-Centrifugo-Error-Mode: transport</c> asks for it.
/// </summary>
internal sealed class ServerApiEndpoints
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<string, ApiMethod> _methods;
    private readonly ICallerAuthenticator _authenticator;
    private readonly NamespaceTable _namespaces;
    private readonly GatewayPublicationsOptions _limits;
    private readonly ILogger _logger;

    public ServerApiEndpoints(
        IEnumerable<ApiMethod> methods, ICallerAuthenticator authenticator, NamespaceTable namespaces, IOptions<GatewayOptions> options, ILogger<ServerApiEndpoints> logger)
    {
        _methods = methods.ToDictionary(method => method.Name, StringComparer.Ordinal);
        _authenticator = authenticator;
        _namespaces = namespaces;
        _limits = options.Value.Publications;
        _logger = logger;
    }

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = ActivatorUtilities.CreateInstance<ServerApiEndpoints>(endpoints.ServiceProvider);
        foreach (var method in self._methods.Values)
            endpoints.MapPost("/api/" + method.Name, (RequestDelegate)(context => self.AnswerAsync(context, method))).RequireScopes(method.Needs);
        // Of a batch each command needs its own.
        endpoints.MapPost("/api/batch", (RequestDelegate)self.BatchAsync).RequireScopes(Scopes.None);
    }

    /// <summary>Writes <c>{"name":{…}}</c>.</summary>
    public static void WriteResult(Utf8JsonWriter json, string name, Action<Utf8JsonWriter> fields)
    {
        json.WriteStartObject();
        json.WriteStartObject(name);
        fields(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes <c>{"error":{…}}</c>.</summary>
    public static void WriteError(Utf8JsonWriter json, ApiError error) => WriteResult(json, "error", fields =>
    {
        fields.WriteNumber("code"u8, error.Code);
        fields.WriteString("message"u8, error.Message);
    });

    private async Task AnswerAsync(HttpContext context, ApiMethod method)
    {
        if (await ReadAsync(context) is not { } document) return;
        using (document)
        {
            var (fields, error) = await RunAsync(method, await CallAsync(context, document.RootElement), context.RequestAborted);
            await WriteAsync(context, error, json =>
            {
                if (error is null) WriteResult(json, "result", fields!);
                else WriteError(json, error);
            });
        }
    }

    private async Task BatchAsync(HttpContext context)
    {
        if (await ReadAsync(context) is not { } document) return;
        using (document)
        {
            var call = await CallAsync(context, document.RootElement);
            if (call.Field("commands") is not { ValueKind: JsonValueKind.Array } commands || commands.GetArrayLength() > _limits.BatchSize)
            {
                var refusal = ApiError.BadRequest with { Message = $"bad request: commands must list at most {_limits.BatchSize}" };
                await WriteAsync(context, refusal, json => WriteError(json, refusal));
                return;
            }

            // One after the other: a command may build on the one before.
            var replies = new List<(string Name, Action<Utf8JsonWriter>? Fields, ApiError? Error)>();
            foreach (var command in commands.EnumerateArray()) replies.Add(await RunAsync(call, command, context.RequestAborted));
            await WriteAsync(context, null, json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("replies"u8);
                foreach (var (name, fields, error) in replies)
                {
                    if (error is null) WriteResult(json, name, fields!);
                    else WriteError(json, error);
                }

                json.WriteEndArray();
                json.WriteEndObject();
            });
        }
    }

    private async Task<(string Name, Action<Utf8JsonWriter>? Fields, ApiError? Error)> RunAsync(ApiCall call, JsonElement command, CancellationToken cancellationToken)
    {
        if (command.ValueKind != JsonValueKind.Object || command.EnumerateObject().Take(2).Count() != 1) return ("", null, ApiError.BadRequest);
        var (name, request) = (command.EnumerateObject().First().Name, command.EnumerateObject().First().Value);
        if (!_methods.TryGetValue(name, out var method)) return ("", null, ApiError.MethodNotFound);
        if (request.ValueKind != JsonValueKind.Object) return ("", null, ApiError.BadRequest);
        var (fields, error) = call.Caller.Has(method.Needs) ? await RunAsync(method, call.With(request), cancellationToken) : (null, ApiError.PermissionDenied);
        return (name, fields, error);
    }

    private async Task<(Action<Utf8JsonWriter>? Fields, ApiError? Error)> RunAsync(ApiMethod method, ApiCall call, CancellationToken cancellationToken)
    {
        try
        {
            return (await method.RunAsync(call, cancellationToken), null);
        }
        catch (ApiException e)
        {
            return (null, e.Error);
        }
        catch (Exception e) when (e is EventLogException or TimeoutException)
        {
            Log.ServerApiFailed(_logger, method.Name, e.Message);
            return (null, ApiError.Internal);
        }
    }

    private async ValueTask<ApiCall> CallAsync(HttpContext context, JsonElement request)
    {
        var verdict = await _authenticator.AuthenticateAsync(Credentials.Read(context.Request), context.RequestAborted);
        var grants = verdict.Outcome == AuthenticationOutcome.Accepted ? ChannelGrants.Of(verdict) : new ChannelGrants(context.GetCaller(), []);
        return new ApiCall(grants, request, _namespaces, _limits);
    }

    private async Task<JsonDocument?> ReadAsync(HttpContext context)
    {
        if (await RequestBody.ReadBytesAsync(context, _limits.RequestBytes) is not { } bytes) return null;
        if (ApiCall.Parse(bytes.Length == 0 ? "{}"u8.ToArray() : bytes) is { } document) return document;
        await WriteAsync(context, ApiError.BadRequest, json => WriteError(json, ApiError.BadRequest));
        return null;
    }

    private static async Task WriteAsync(HttpContext context, ApiError? error, Action<Utf8JsonWriter> write)
    {
        var asStatus = string.Equals(context.Request.Headers["X-Centrifugo-Error-Mode"], "transport", StringComparison.Ordinal);
        context.Response.StatusCode = error is not null && asStatus ? error.Status : StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        var buffer = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(buffer, Writing)) write(json);
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}

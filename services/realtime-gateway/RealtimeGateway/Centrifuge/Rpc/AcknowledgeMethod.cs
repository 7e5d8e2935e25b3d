using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.RealtimeGateway.Centrifuge.Sessions;

namespace Millrace.RealtimeGateway.Centrifuge.Rpc;

/// <summary>
/// <c>alerts.ack</c>: <c>{"id":"…","comment":"…"}</c> acknowledges an alert, by the alerting service's own <c>POST /api/v1/alerts/{id}/ack</c> with the client's
/// credential; that service decides.
/// </summary>
internal sealed class AcknowledgeMethod(IServer server, IOptions<GatewayOptions> options, ILogger<AcknowledgeMethod> logger) : IRpcMethod, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(1) }) { Timeout = Patience };

    public string Name => "alerts.ack";

    public async ValueTask<RpcResult> CallAsync(Session session, byte[] data, CancellationToken cancellationToken)
    {
        if (!TryRead(data, out var id, out var comment) || Alerting() is not { } address) return ClientError.BadRequest;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, $"/api/v1/alerts/{Uri.EscapeDataString(id)}/ack"))
        {
            Content = new ByteArrayContent(comment) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", session.Credential);
        try
        {
            using var answer = await _http.SendAsync(request, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => body,
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => ClientError.PermissionDenied,
                HttpStatusCode.NotFound => ClientError.NotFound,
                HttpStatusCode.Conflict => ClientError.Conflict,
                >= HttpStatusCode.InternalServerError => ClientError.Internal,
                _ => ClientError.BadRequest,
            };
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Log.CallFailed(logger, Name, address, e);
            return ClientError.Internal;
        }
    }

    public void Dispose() => _http.Dispose();

    // Where alerting runs in another process its address is in the options; else it is this one.
    private Uri? Alerting() =>
        options.Value.Forward.Alerting
        ?? (server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() is { } own
            ? new Uri(own.Replace("//+", "//127.0.0.1", StringComparison.Ordinal).Replace("//*", "//127.0.0.1", StringComparison.Ordinal)
                .Replace("//0.0.0.0", "//127.0.0.1", StringComparison.Ordinal).Replace("//[::]", "//127.0.0.1", StringComparison.Ordinal))
            : null);

    private static bool TryRead(byte[] data, out string id, out byte[] comment)
    {
        id = "";
        comment = "{}"u8.ToArray();
        try
        {
            using var document = JsonDocument.Parse(data);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("id", out var value) || value.GetString() is not { Length: > 0 } text) return false;
            id = text;
            if (document.RootElement.TryGetProperty("comment", out var said) && said.ValueKind == JsonValueKind.String)
                comment = [.. "{\"comment\":"u8, .. System.Text.Encoding.UTF8.GetBytes(said.GetRawText()), (byte)'}'];
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or the id is no text.
            return false;
        }
    }
}

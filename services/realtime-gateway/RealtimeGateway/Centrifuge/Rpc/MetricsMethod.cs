using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Http;

namespace Millrace.RealtimeGateway.Centrifuge.Rpc;

/// <summary><c>metrics</c>: a page of windows, with the parameters and the answer of <c>GET /api/v1/windows</c>.</summary>
internal sealed class MetricsMethod(WindowPages pages) : IRpcMethod
{
    public string Name => "metrics";

    public async ValueTask<RpcResult> CallAsync(Session session, byte[] data, CancellationToken cancellationToken)
    {
        if (Parameters(data) is not { } query) return ClientError.BadRequest;
        var tenant = session.Caller!.Tenant;
        if (ChannelName.IsStream(query["stream"].ToString()) && !session.Grants!.MayReadHistory(ChannelName.Metrics(tenant, query["stream"].ToString()))) return ClientError.PermissionDenied;
        var (page, problem) = await pages.ReadAsync(tenant, query, cancellationToken);
        return page is null ? ClientError.BadRequest with { Message = problem } : page;
    }

    private static QueryCollection? Parameters(byte[] data)
    {
        if (data.Length == 0) return new QueryCollection();
        try
        {
            using var document = JsonDocument.Parse(data);
            return new QueryCollection(document.RootElement.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null).GroupBy(p => p.Name).ToDictionary(
                p => p.Key, p => new StringValues(p.Last().Value.ValueKind == JsonValueKind.String ? p.Last().Value.GetString() : p.Last().Value.GetRawText())));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not an object, or half a surrogate pair in a text.
            return null;
        }
    }
}

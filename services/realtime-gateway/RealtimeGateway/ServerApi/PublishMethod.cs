using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary><c>publish</c>: data for a channel; answers with its position once it is durable.</summary>
internal sealed class PublishMethod(PublicationWriter writer) : ApiMethod
{
    public override string Name => "publish";

    public override Scopes Needs => Scopes.Write;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var name = call.Channel();
        if (!name.Namespace!.TakesPublications) throw new ApiException(ApiError.NotAvailable);
        var at = await writer.PublishAsync([name], call.Publication(), cancellationToken);
        return json => Write(json, at[0]);
    }

    /// <summary>Writes where a publication stands.</summary>
    public static void Write(Utf8JsonWriter json, PublishedAt at)
    {
        if (at.Offset == 0) return;
        json.WriteNumber("offset"u8, at.Offset);
        json.WriteString("epoch"u8, at.Epoch);
    }
}

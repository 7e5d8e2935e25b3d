using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary><c>history_remove</c>: what was published before is forgotten by every gateway, and not read back from the log either.</summary>
internal sealed class HistoryRemoveMethod(PublicationWriter writer) : ApiMethod
{
    public override string Name => "history_remove";

    public override Scopes Needs => Scopes.Admin;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var name = call.Channel();
        if (!name.Namespace!.TakesPublications) throw new ApiException(ApiError.NotAvailable);
        await writer.RemoveHistoryAsync(name, cancellationToken);
        return Nothing;
    }
}

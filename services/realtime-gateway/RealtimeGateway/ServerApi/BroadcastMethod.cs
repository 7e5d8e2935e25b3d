using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary><c>broadcast</c>: the same data for several channels, written at once; an answer for each of them.</summary>
internal sealed class BroadcastMethod(PublicationWriter writer) : ApiMethod
{
    public override string Name => "broadcast";

    public override Scopes Needs => Scopes.Write;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var channels = call.Texts("channels");
        if (channels.Count == 0 || channels.Count > call.Limits.BatchSize)
            throw new ApiException(ApiError.BadRequest, $"channels must list 1 to {call.Limits.BatchSize}");
        var publication = call.Publication();
        var errors = new ApiError?[channels.Count];
        var names = new List<ChannelName>(channels.Count);
        for (var i = 0; i < channels.Count; i++)
        {
            try
            {
                var name = call.Channel(channels[i]);
                if (name.Namespace!.TakesPublications) names.Add(name);
                else errors[i] = ApiError.NotAvailable;
            }
            catch (ApiException e)
            {
                errors[i] = e.Error;
            }
        }

        var positions = await writer.PublishAsync(names, publication, cancellationToken);
        return json => Write(json, errors, positions);
    }

    private static void Write(Utf8JsonWriter json, ApiError?[] errors, PublishedAt[] positions)
    {
        var next = 0;
        json.WriteStartArray("responses"u8);
        foreach (var error in errors)
        {
            if (error is null) ServerApiEndpoints.WriteResult(json, "result", fields => PublishMethod.Write(fields, positions[next++]));
            else ServerApiEndpoints.WriteError(json, error);
        }

        json.WriteEndArray();
    }
}

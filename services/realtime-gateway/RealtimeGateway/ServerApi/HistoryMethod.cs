using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary><c>history</c>: publications of a channel; with <c>limit</c> 0 its position only, with a negative one as many as a page has.</summary>
internal sealed class HistoryMethod(Subscriptions subscriptions) : ApiMethod
{
    public override string Name => "history";

    public override Scopes Needs => Scopes.Read;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var name = call.Channel();
        (string, long)? since = null;
        if (call.Field("since") is { } position)
        {
            var of = call.With(position);
            since = (of.Text("epoch"), Math.Max(0, of.Number("offset")));
        }

        var limit = (int)Math.Clamp(call.Number("limit"), -1, int.MaxValue);
        var (channel, page) = await subscriptions.HistoryAsync(name, since, limit, call.Flag("reverse"), cancellationToken);
        if (page is null) throw new ApiException(ApiError.UnrecoverablePosition);
        return json => Write(json, channel, page);
    }

    private static void Write(Utf8JsonWriter json, Channel channel, HistoryPage page)
    {
        json.WriteStartArray("publications"u8);
        foreach (var publication in page.Publications)
        {
            json.WriteStartObject();
            json.WritePropertyName("data"u8);
            WriteData(json, channel, publication);
            if (publication.Info is { } info)
            {
                json.WriteStartObject("info"u8);
                Write(json, info);
                json.WriteEndObject();
            }

            json.WriteNumber("offset"u8, publication.Offset);
            if (publication.Tags is { } tags)
            {
                json.WriteStartObject("tags"u8);
                foreach (var (key, value) in tags) json.WriteString(key, value);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("epoch"u8, page.Epoch);
        json.WriteNumber("offset"u8, page.Offset);
    }

    /// <summary>Writes a client.</summary>
    public static void Write(Utf8JsonWriter json, ClientInfo info)
    {
        json.WriteString("user"u8, info.User);
        json.WriteString("client"u8, info.Client);
        if (info.ConnInfo is { } connection)
        {
            json.WritePropertyName("conn_info"u8);
            json.WriteRawValue(connection, skipInputValidation: true);
        }

        if (info.ChanInfo is not { } channel) return;
        json.WritePropertyName("chan_info"u8);
        json.WriteRawValue(channel, skipInputValidation: true);
    }

    private static void WriteData(Utf8JsonWriter json, Channel channel, Publication publication)
    {
        if (channel.Namespace.Words is not { } words)
        {
            json.WriteRawValue(publication.Data, skipInputValidation: true);
            return;
        }

        json.WriteStartObject();
        json.WriteString("type"u8, words.One);
        if (publication.SampleRate < 1) json.WriteNumber("sample_rate"u8, publication.SampleRate);
        json.WritePropertyName("data"u8);
        json.WriteRawValue(publication.Data, skipInputValidation: true);
        json.WriteEndObject();
    }
}

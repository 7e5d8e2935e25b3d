using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Millrace.Contracts.Protos;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Namespaces;
using Millrace.RealtimeGateway.Publications;
using Millrace.RealtimeGateway.ServerApi;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// Requests of the server API, and what becomes of their data on the log: a request is read or refused with one of its errors, what is published is the JSON that came,
/// in one line, and comes back from the log as it went. Whatever was sent is read as a record of the log too.
/// </summary>
internal sealed class ServerApiTarget : Target
{
    private static readonly byte[][] Words = [.. new[] { "\"channel\":\"tenant:acme:chat:", "\"data\":", "\"b64data\":\"", "\"tags\":{", "\"idempotency_key\":\"", "\"channels\":[", "\"since\":{", "\n", "\\u000a", "\\ud800", "null" }.Select(Encoding.UTF8.GetBytes)];
    private readonly GatewayPublicationsOptions _limits = new() { MaxBytes = 4096 };
    private readonly NamespaceTable _table = Table();
    private readonly ChannelGrants _grants = new(new Caller("acme", "sub", ScopeNames.All, [], null, CredentialKind.Token), null);
    private PublishRequest? _request;
    private ChannelName? _name;

    public override string Name => "server-api";

    public override long AllocationBase => 128 * 1024;

    public override byte[] Make(Source source)
    {
        var fields = new List<string> { JsonMaker.Field(source, "channel", JsonMaker.Quote(source, $"{source.Of(["tenant:acme", "tenant:other", "user:sub", "admin"])}:{source.Of(["chat", "metrics", "x"])}:{source.Word(4)}")) };
        fields.Add(source.Once(4) ? JsonMaker.Field(source, "b64data", JsonMaker.Quote(source, Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonMaker.Any(source))))) : JsonMaker.Field(source, "data", JsonMaker.Any(source)));
        if (source.Once(3)) fields.Add(JsonMaker.Field(source, "tags", JsonMaker.Object(source, [JsonMaker.Field(source, source.Word(3), JsonMaker.Quote(source, source.Word(5)))])));
        if (source.Once(3)) fields.Add(JsonMaker.Field(source, source.Of(["idempotency_key", "skip_history", "limit", "since"]), JsonMaker.Any(source)));
        var request = Encoding.UTF8.GetBytes(JsonMaker.Object(source, fields));
        return source.Once(2) ? request : Mutator.Damage(request, source, Words);
    }

    public override bool Parse(byte[] input)
    {
        (_request, _name) = (null, null);
        if (PublicationRecord.TryParse(input, out var record) && record.Publication is { } publication) PublicationRecord.ToPublication(publication, 1, 1);
        try
        {
            using var document = ApiCall.Parse(input);
            if (document is null) return false;
            var call = new ApiCall(_grants, document.RootElement, _table, _limits);
            _request = call.Publication();
            _name = call.Channel();
            return true;
        }
        catch (ApiException)
        {
            return false;
        }
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (!accepted || _request is not { } request) return;
        Require.That(_name!.Tenant == "acme", "a channel of another tenant");
        Require.That(!request.Data.AsSpan().ContainsAny((byte)'\n', (byte)'\r'), "a line break in the data");
        Require.That(request.Data.Length <= _limits.MaxBytes, "too much data");
        using var document = JsonDocument.Parse(input);
        using var published = JsonDocument.Parse(request.Data);
        if (document.RootElement.TryGetProperty("data", out var data) && !document.RootElement.TryGetProperty("b64data", out _))
            Require.Same(data.GetRawText().Replace('\n', ' ').Replace('\r', ' '), published.RootElement.GetRawText(), "the data");
        var record = new ChannelRecord { Channel = _name.Text, Tenant = _name.Tenant, Publication = new ChannelPublication { Data = ByteString.CopyFrom(request.Data) } };
        Require.That(PublicationRecord.TryParse(record.ToByteArray(), out var again), "the record is not read again");
        var back = PublicationRecord.ToPublication(again!.Publication, 41, 7);
        Require.That(back.Data.AsSpan().SequenceEqual(request.Data) && back.Offset == 42, "the data is not what went");
        Require.Same(_name, _table.Parse(again.Channel, again.Tenant), "the channel, read again,");
    }

    private static NamespaceTable Table()
    {
        var options = new GatewayOptions();
        options.Namespaces.Add("chat", new GatewayNamespaceOptions());
        return new NamespaceTable(options);
    }
}

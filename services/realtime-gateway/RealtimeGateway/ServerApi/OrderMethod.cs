using System.Text.Json;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary>A method that reaches connections, at whatever gateway they are: it is done once the order is durable, and the gateways obey at once.</summary>
internal abstract class OrderMethod(PublicationWriter writer) : ApiMethod
{
    public override Scopes Needs => Scopes.Admin;

    public override async ValueTask<Action<Utf8JsonWriter>> RunAsync(ApiCall call, CancellationToken cancellationToken)
    {
        var target = new ConnectionTarget { User = call.Text("user"), Client = call.Text("client") };
        if (target.User.Length == 0 && target.Client.Length == 0) throw new ApiException(ApiError.BadRequest, "user or client is required");
        var record = new ChannelRecord { Tenant = call.Tenant };
        var key = Fill(call, target, record);
        await writer.AppendAsync(key ?? PublicationRecord.KeyOf(call.Tenant, target.User), record, cancellationToken);
        return Nothing;
    }

    /// <summary>Says what is ordered.</summary>
    /// <returns>Key of the channel that it is about, if any.</returns>
    protected abstract byte[]? Fill(ApiCall call, ConnectionTarget target, ChannelRecord record);
}

/// <summary><c>subscribe</c>: the user's connections listen to the channel from now on.</summary>
internal sealed class SubscribeMethod(PublicationWriter writer) : OrderMethod(writer)
{
    public override string Name => "subscribe";

    protected override byte[] Fill(ApiCall call, ConnectionTarget target, ChannelRecord record)
    {
        var name = call.Channel();
        record.Channel = name.Text;
        record.Subscribe = new SubscribeOrder
        {
            Target = target,
            Data = Google.Protobuf.ByteString.CopyFrom(call.Json("data", "b64data") ?? []),
            Info = Google.Protobuf.ByteString.CopyFrom(call.Json("info", "b64info") ?? []),
            ExpireAt = Math.Max(0, call.Number("expire_at")),
        };
        return PublicationRecord.KeyOf(name);
    }
}

/// <summary><c>unsubscribe</c>: they no longer do. What was published before is delivered before.</summary>
internal sealed class UnsubscribeMethod(PublicationWriter writer) : OrderMethod(writer)
{
    public override string Name => "unsubscribe";

    protected override byte[] Fill(ApiCall call, ConnectionTarget target, ChannelRecord record)
    {
        var name = call.Channel();
        record.Channel = name.Text;
        record.Unsubscribe = new UnsubscribeOrder { Target = target };
        return PublicationRecord.KeyOf(name);
    }
}

/// <summary><c>disconnect</c>: they are closed, with a code and reason if given; without, for good.</summary>
internal sealed class DisconnectMethod(PublicationWriter writer) : OrderMethod(writer)
{
    private const int LongestReason = 100;

    public override string Name => "disconnect";

    protected override byte[]? Fill(ApiCall call, ConnectionTarget target, ChannelRecord record)
    {
        var order = new DisconnectOrder { Target = target, Whitelist = { call.Texts("whitelist") } };
        if (call.Field("disconnect") is { } disconnect)
        {
            var how = call.With(disconnect);
            var (code, reason) = (how.Number("code"), how.Text("reason"));
            if (code is < 3000 or > 4999) throw new ApiException(ApiError.BadRequest, "a code is 3000 to 4999");
            if (reason.Length > LongestReason || !System.Text.Ascii.IsValid(reason)) throw new ApiException(ApiError.BadRequest, $"a reason has at most {LongestReason} ASCII characters");
            (order.Code, order.Reason) = ((uint)code, reason);
        }

        record.Disconnect = order;
        return null;
    }
}

/// <summary><c>refresh</c>: their credentials hold until another time than they say, or have expired now.</summary>
internal sealed class RefreshMethod(PublicationWriter writer) : OrderMethod(writer)
{
    public override string Name => "refresh";

    protected override byte[]? Fill(ApiCall call, ConnectionTarget target, ChannelRecord record)
    {
        record.Refresh = new RefreshOrder { Target = target, Expired = call.Flag("expired"), ExpireAt = Math.Max(0, call.Number("expire_at")) };
        return null;
    }
}

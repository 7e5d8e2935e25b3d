using System.Text;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// Names of channels. What a caller is allowed must be a channel of its tenant or subject, however the name is written, and a name that holds data
/// must be the very one under which the data is published.
/// </summary>
internal sealed class ChannelTarget : Target
{
    private static readonly byte[][] Words = [.. new[] { "tenant:", "acme", "other", ":", "metrics", "events", "alerts", "user:", "admin:", "system:", "*", "acme:", "\0", "TENANT" }.Select(Encoding.UTF8.GetBytes)];
    private static readonly ChannelGrants _viewer = Grants(Scopes.Read, []);
    private static readonly ChannelGrants _narrow = Grants(Scopes.Read, ["tenant:acme:metrics:shop*", "tenant:other:*"]);

    private ChannelName _name = ChannelName.Parse("");

    public override string Name => "channel";

    public override byte[] Make(Source source)
    {
        var name = source.Below(5) switch
        {
            0 => $"tenant:{source.Of(["acme", "other", "a/b", "Acme", "", "acme "])}:{source.Of(["metrics", "events", "alerts", "presence"])}:{source.Word(source.Between(1, 66))}",
            1 => $"tenant:acme:alerts{source.Of(["", ":", ":x"])}",
            2 => $"user:{source.Of(["sub", "key:1", ":", "other"])}:{source.Word(3)}",
            3 => source.Of(["admin:x", "system:x", "admin", "tenant:", "tenant::metrics:s", "tenant:acme", new string('a', 256), "tenant:acme:metrics:" + new string('a', 240)]),
            _ => $"tenant:acme:metrics:{source.Word(4)}",
        };
        var bytes = Encoding.UTF8.GetBytes(name);
        return source.Once(2) ? bytes : Mutator.Damage(bytes, source, Words);
    }

    public override bool Parse(byte[] input)
    {
        _name = ChannelName.Parse(Encoding.UTF8.GetString(input));
        return _name.Kind != ChannelKind.Unknown;
    }

    public override void Check(byte[] input, bool accepted)
    {
        var again = _name.Kind switch
        {
            ChannelKind.Metrics => ChannelName.Metrics(_name.Owner, _name.Stream),
            ChannelKind.Events => ChannelName.Events(_name.Owner, _name.Stream),
            ChannelKind.Alerts => ChannelName.Alerts(_name.Owner),
            _ => null,
        };
        if (again is not null) Require.Same(again.Text, _name.Text, "the channel");
        if (_viewer.Allows(_name) && _name.Kind != ChannelKind.Unknown) Require.That(_name.Text.StartsWith("tenant:acme:", StringComparison.Ordinal), "another tenant's channel is allowed");
        if (_narrow.Allows(_name) && _name.Kind != ChannelKind.Unknown) Require.That(_name.Text.StartsWith("tenant:acme:metrics:shop", StringComparison.Ordinal), "a channel beyond the token's list is allowed");
        Require.That(!_viewer.Allows(_name) || _name.Scope is not (ChannelScope.Admin or ChannelScope.System), "a viewer is allowed a channel of the operators");
    }

    private static ChannelGrants Grants(Scopes scopes, string[] channels) =>
        new(new Caller("acme", "sub", scopes, [], null, CredentialKind.Token), channels.Length == 0 ? null : channels);
}

using System.Text;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// Names of channels. What a caller is allowed must be a channel of its tenant or subject, however the name is written, and a name that holds data
/// must be the very one under which the data is published.
/// </summary>
internal sealed class ChannelTarget : Target
{
    private static readonly byte[][] Words = [.. new[] { "tenant:", "acme", "other", ":", "metrics", "events", "alerts", "chat", "sub-", "user:", "admin:", "system:", "*", "acme:", "\0", "TENANT" }.Select(Encoding.UTF8.GetBytes)];
    private static readonly ChannelGrants _viewer = Grants(Scopes.Read, []);
    private static readonly ChannelGrants _narrow = Grants(Scopes.Read, ["tenant:acme:metrics:shop*", "tenant:other:*"]);

    private static readonly NamespaceTable _table = Table();

    private ChannelName _name = _table.Parse("", "acme");

    public override string Name => "channel";

    public override byte[] Make(Source source)
    {
        var name = source.Below(5) switch
        {
            0 => $"tenant:{source.Of(["acme", "other", "a/b", "Acme", "", "acme "])}:{source.Of(["metrics", "events", "alerts", "presence", "chat"])}:{source.Word(source.Between(1, 66))}",
            1 => $"tenant:acme:alerts{source.Of(["", ":", ":x"])}",
            2 => $"user:{source.Of(["sub", "key:1", ":", "other", "sub:chat"])}:{source.Of(["", "chat:", "metrics:"])}{source.Word(3)}",
            3 => source.Of(["admin:x", "system:x", "admin", "tenant:", "tenant::metrics:s", "tenant:acme", new string('a', 256), "tenant:acme:metrics:" + new string('a', 240)]),
            _ => $"tenant:acme:metrics:{source.Word(4)}",
        };
        var bytes = Encoding.UTF8.GetBytes(name);
        return source.Once(2) ? bytes : Mutator.Damage(bytes, source, Words);
    }

    public override bool Parse(byte[] input)
    {
        _name = _table.Parse(Encoding.UTF8.GetString(input), "acme");
        return _name.Exists;
    }

    public override void Check(byte[] input, bool accepted)
    {
        var again = _name.Namespace switch
        {
            MetricsNamespace => ChannelName.Metrics(_name.Owner, _name.Rest).Text,
            EventsNamespace => ChannelName.Events(_name.Owner, _name.Rest).Text,
            AlertsNamespace => ChannelName.Alerts(_name.Owner).Text,
            ConfiguredNamespace => $"{(_name.Scope == ChannelScope.User ? "user" : "tenant")}:{_name.Owner}:chat:{_name.Rest}",
            _ => null,
        };
        if (again is not null) Require.Same(again, _name.Text, "the channel");
        var own = _name.Text.StartsWith("tenant:acme:", StringComparison.Ordinal) || _name.Text.StartsWith("user:sub:chat:", StringComparison.Ordinal);
        if (_viewer.MayListen(_name) && _name.Exists) Require.That(own, "another tenant's or user's channel is allowed");
        Require.That(_name.Key == _name.Text || (_name.Scope == ChannelScope.User && _name.Key.StartsWith("users:acme:user:", StringComparison.Ordinal)), "a user's channel that another tenant's user has too");
        Require.That(!_viewer.MayPublish(_name) || (_name.Namespace is ConfiguredNamespace && _name.Rest.StartsWith("sub-", StringComparison.Ordinal)), "publishing is allowed where it is not");
        if (_narrow.Allows(_name) && _name.Exists) Require.That(_name.Text.StartsWith("tenant:acme:metrics:shop", StringComparison.Ordinal), "a channel beyond the token's list is allowed");
        Require.That(!_viewer.Allows(_name) || _name.Scope is not (ChannelScope.Admin or ChannelScope.System), "a viewer is allowed a channel of the operators");
    }

    private static NamespaceTable Table()
    {
        var options = new GatewayOptions();
        options.Namespaces.Add("chat", new GatewayNamespaceOptions { HistorySize = 10, Publish = new NamespacePermissionOptions { Pattern = "{subject}-*" } });
        return new NamespaceTable(options);
    }

    private static ChannelGrants Grants(Scopes scopes, string[] channels) =>
        new(new Caller("acme", "sub", scopes, [], null, CredentialKind.Token), channels.Length == 0 ? null : channels);
}

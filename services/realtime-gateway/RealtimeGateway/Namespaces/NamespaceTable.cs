using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary>All kinds of channels of this gateway: takes names of channels apart.</summary>
internal sealed class NamespaceTable
{
    private readonly Dictionary<string, ChannelNamespace> _byName = new(StringComparer.Ordinal);

    /// <summary>Millrace's own kinds, and those that the options add.</summary>
    public NamespaceTable(GatewayOptions options)
    {
        Add(MetricsNamespace.Instance);
        Add(EventsNamespace.Instance);
        Add(AlertsNamespace.Instance);
        foreach (var (name, settings) in options.Namespaces) Add(new ConfiguredNamespace(name, settings));
    }

    /// <summary>All of them.</summary>
    public IEnumerable<ChannelNamespace> All => _byName.Values;

    /// <summary>The namespace of a name.</summary>
    public ChannelNamespace? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Takes a name apart. Never fails: what follows no pattern has no scope, what does not exist has no namespace.</summary>
    /// <param name="text">The channel's name.</param>
    /// <param name="tenant">Tenant of whoever names it: the users of two tenants may have the same subject.</param>
    public ChannelName Parse(string text, string tenant)
    {
        if (text.Length > ChannelName.MaxLength) return new ChannelName(text, ChannelScope.None, "", null, "");
        var parts = text.Split(':', 4);
        switch (parts[0])
        {
            case "tenant" when parts.Length >= 3 && TenantName.IsValid(parts[1]):
                var rest = parts.Length == 4 ? parts[3] : null;
                var kind = _byName.GetValueOrDefault(parts[2]);
                return new ChannelName(text, ChannelScope.Tenant, parts[1], kind?.Accepts(ChannelScope.Tenant, rest) == true ? kind : null, rest ?? "");
            case "admin" when parts.Length >= 2:
                return new ChannelName(text, ChannelScope.Admin, "", null, "");
            case "system" when parts.Length >= 2:
                return new ChannelName(text, ChannelScope.System, "", null, "");
            case "user":
                return ParseUser(text, tenant);
            default:
                return new ChannelName(text, ChannelScope.None, "", null, "");
        }
    }

    // A subject may hold colons itself (key:0123): the namespace and what follows it are the last two parts.
    private ChannelName ParseUser(string text, string tenant)
    {
        const int Start = 5;
        var last = text.LastIndexOf(':');
        if (last <= Start) return new ChannelName(text, ChannelScope.None, "", null, "");
        var before = text.LastIndexOf(':', last - 1);
        if (before > Start && _byName.GetValueOrDefault(text[(before + 1)..last]) is { } kind && kind.Accepts(ChannelScope.User, text[(last + 1)..]))
            return new ChannelName(text, ChannelScope.User, text[Start..before], kind, text[(last + 1)..]) { UserTenant = tenant };
        return new ChannelName(text, ChannelScope.User, text[Start..last], null, "") { UserTenant = tenant };
    }

    private void Add(ChannelNamespace kind) => _byName.Add(kind.Name, kind);
}

using Millrace.Contracts.Events;
using Millrace.RealtimeGateway.Namespaces;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>Whose a channel is.</summary>
internal enum ChannelScope
{
    /// <summary>Nobody's: the name follows no pattern.</summary>
    None = 0,

    /// <summary><c>tenant:{tenant}:…</c>.</summary>
    Tenant = 1,

    /// <summary><c>admin:…</c>.</summary>
    Admin = 2,

    /// <summary><c>system:…</c>.</summary>
    System = 3,

    /// <summary><c>user:{subject}:…</c>.</summary>
    User = 4,
}

/// <summary>A channel's name, taken apart by <see cref="NamespaceTable"/>.</summary>
/// <param name="Text">The whole name, as clients know it.</param>
/// <param name="Scope">Whose it is.</param>
/// <param name="Owner">Tenant or user, empty where the scope has none.</param>
/// <param name="Namespace">What it carries, <see langword="null"/> when there is no such channel.</param>
/// <param name="Rest">What follows the namespace (the stream, of metrics and events), empty where nothing does.</param>
internal sealed record ChannelName(string Text, ChannelScope Scope, string Owner, ChannelNamespace? Namespace, string Rest)
{
    /// <summary>Longest name that is looked at.</summary>
    public const int MaxLength = 255;

    /// <summary>Tenant of the user whose channel it is.</summary>
    public string UserTenant { get; init; } = "";

    /// <summary>Whether there is such a channel.</summary>
    public bool Exists => Namespace is not null;

    /// <summary>The tenant that it belongs to, empty for <c>admin:</c> and <c>system:</c>.</summary>
    public string Tenant => Scope == ChannelScope.Tenant ? Owner : UserTenant;

    /// <summary>
    /// What tells it from all other channels of the installation, and key of its records: the name, and for a user's channel the tenant with it, for two tenants may
    /// have users of the same subject. No name is another's key, as no scope is called <c>users</c>.
    /// </summary>
    public string Key => Scope == ChannelScope.User ? $"users:{UserTenant}:{Text}" : Text;

    public static ChannelName Metrics(string tenant, string stream) =>
        new($"tenant:{tenant}:metrics:{stream}", ChannelScope.Tenant, tenant, MetricsNamespace.Instance, stream);

    public static ChannelName Events(string tenant, string stream) =>
        new($"tenant:{tenant}:events:{stream}", ChannelScope.Tenant, tenant, EventsNamespace.Instance, stream);

    public static ChannelName Alerts(string tenant) => new($"tenant:{tenant}:alerts", ChannelScope.Tenant, tenant, AlertsNamespace.Instance, "");

    /// <summary>Whether a text can be a stream's name: <c>[a-z0-9][a-z0-9._-]{0,63}</c>.</summary>
    public static bool IsStream(string? text)
    {
        if (text is null || text.Length is 0 or > EventLimits.StreamLength || text[0] is '.' or '_' or '-') return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('.' or '_' or '-')) return false;
        }

        return true;
    }
}

using Millrace.Contracts.Events;
using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>What a channel carries.</summary>
internal enum ChannelKind
{
    /// <summary>Nothing that exists.</summary>
    Unknown = 0,

    /// <summary><c>tenant:{t}:metrics:{stream}</c>: windows.</summary>
    Metrics = 1,

    /// <summary><c>tenant:{t}:events:{stream}</c>: single events.</summary>
    Events = 2,

    /// <summary><c>tenant:{t}:alerts</c>: alert changes.</summary>
    Alerts = 3,
}

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

/// <summary>A channel's name, taken apart.</summary>
/// <param name="Text">The whole name.</param>
/// <param name="Scope">Whose it is.</param>
/// <param name="Owner">Tenant or user, empty where the scope has none.</param>
/// <param name="Kind">What it carries.</param>
/// <param name="Stream">The stream, empty where the kind has none.</param>
internal sealed record ChannelName(string Text, ChannelScope Scope, string Owner, ChannelKind Kind, string Stream)
{
    /// <summary>Longest name that is looked at.</summary>
    public const int MaxLength = 255;

    public static ChannelName Metrics(string tenant, string stream) =>
        new($"tenant:{tenant}:metrics:{stream}", ChannelScope.Tenant, tenant, ChannelKind.Metrics, stream);

    public static ChannelName Events(string tenant, string stream) =>
        new($"tenant:{tenant}:events:{stream}", ChannelScope.Tenant, tenant, ChannelKind.Events, stream);

    public static ChannelName Alerts(string tenant) => new($"tenant:{tenant}:alerts", ChannelScope.Tenant, tenant, ChannelKind.Alerts, "");

    /// <summary>Takes a name apart. Never fails: what follows no pattern has no scope, what does not exist has no kind.</summary>
    public static ChannelName Parse(string text)
    {
        if (text.Length <= MaxLength)
        {
            var parts = text.Split(':', 4);
            switch (parts[0])
            {
                case "tenant" when parts.Length >= 3 && TenantName.IsValid(parts[1]):
                    var stream = parts.Length == 4 ? parts[3] : "";
                    return new ChannelName(text, ChannelScope.Tenant, parts[1], TenantKind(parts[2], stream, parts.Length), stream);
                case "admin" when parts.Length >= 2:
                    return new ChannelName(text, ChannelScope.Admin, "", ChannelKind.Unknown, "");
                case "system" when parts.Length >= 2:
                    return new ChannelName(text, ChannelScope.System, "", ChannelKind.Unknown, "");
                case "user" when UserOwner(text) is { } owner:
                    return new ChannelName(text, ChannelScope.User, owner, ChannelKind.Unknown, "");
            }
        }

        return new ChannelName(text, ChannelScope.None, "", ChannelKind.Unknown, "");
    }

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

    private static ChannelKind TenantKind(string resource, string stream, int parts) => (resource, parts) switch
    {
        ("metrics", 4) when IsStream(stream) => ChannelKind.Metrics,
        ("events", 4) when IsStream(stream) => ChannelKind.Events,
        ("alerts", 3) => ChannelKind.Alerts,
        _ => ChannelKind.Unknown,
    };

    // A subject may hold colons itself (key:0123): the resource is what follows the last one.
    private static string? UserOwner(string text)
    {
        var last = text.LastIndexOf(':');
        return last > "user:".Length ? text["user:".Length..last] : null;
    }
}

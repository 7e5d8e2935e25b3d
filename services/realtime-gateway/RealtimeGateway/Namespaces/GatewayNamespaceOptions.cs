namespace Millrace.RealtimeGateway;

/// <summary>Channels of clients: <c>Millrace:Gateway:Namespaces:&lt;name&gt;</c>, for <c>tenant:{tenant}:{name}:…</c> and <c>user:{subject}:{name}:…</c>.</summary>
public sealed class GatewayNamespaceOptions
{
    /// <summary>Publications kept of a channel. Default 0: none, and nobody can recover.</summary>
    public int HistorySize { get; init; }

    /// <summary>Age up to which they are kept, and may be asked for. Default 5 minutes.</summary>
    public TimeSpan HistoryTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Whether a client that comes back gets what it missed, on whatever instance: from memory, and beyond <see cref="HistorySize"/> from the log. Needs a history.
    /// Default false.
    /// </summary>
    public bool Recovery { get; init; }

    /// <summary>Whether clients and the server API may ask who listens to a channel. Default false.</summary>
    public bool Presence { get; init; }

    /// <summary>Whether listeners are told who comes and goes. Default false.</summary>
    public bool JoinLeave { get; init; }

    /// <summary>Whether a subscription may have deltas. Default true.</summary>
    public bool Delta { get; init; } = true;

    /// <summary>
    /// What happens to a client that reads too slowly: <c>Conflate</c> brings it everything from the history, as it reads, and disconnects it with 3010 once that is no
    /// longer there (it comes back and recovers); <c>DropOldest</c> leaves out what has waited longest; <c>Disconnect</c> with 3008. Default <c>Disconnect</c>.
    /// </summary>
    public SlowClientPolicy SlowClients { get; init; } = SlowClientPolicy.Disconnect;

    /// <summary>Who may listen. Default: who has scope <c>read</c>.</summary>
    public NamespacePermissionOptions Subscribe { get; init; } = new() { Scope = "read" };

    /// <summary>Which clients may publish; the server API may in any case. Default: none.</summary>
    public NamespacePermissionOptions Publish { get; init; } = new();
}

/// <summary>
/// A permission in a namespace, beside what every channel asks for (the tenant, or being the user): all conditions that are given must hold; where none is,
/// nobody has it.
/// </summary>
public sealed class NamespacePermissionOptions
{
    /// <summary>Scope that the credential must have: <c>read</c>, <c>write</c>, <c>admin</c> or <c>ingest</c>.</summary>
    public string? Scope { get; init; }

    /// <summary>
    /// Claim that the token must have: <c>name</c> for one that is neither null nor false, <c>name=text</c> for one that is that text, or a list with it. API keys have
    /// no claims.
    /// </summary>
    public string? Claim { get; init; }

    /// <summary>
    /// What the part behind the namespace must look like: <c>*</c> stands for anything, <c>{subject}</c> and <c>{tenant}</c> for those of the credential.
    /// </summary>
    public string? Pattern { get; init; }
}

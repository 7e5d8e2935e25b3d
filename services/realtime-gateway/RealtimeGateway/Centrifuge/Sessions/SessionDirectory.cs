using System.Collections.Concurrent;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>The connected sessions of this instance. Thread-safe.</summary>
internal sealed class SessionDirectory
{
    private readonly ConcurrentDictionary<string, Session> _byClient = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Session> _bySecret = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Tenant, string User), ConcurrentDictionary<Session, byte>> _byUser = new();

    /// <summary>All of them at this moment.</summary>
    public IEnumerable<Session> All => _byClient.Values;

    /// <summary>The session of a client id.</summary>
    public Session? Find(string client) => _byClient.GetValueOrDefault(client);

    /// <summary>The session that commands by <c>/emulation</c> are for.</summary>
    public Session? FindBySecret(string secret) => _bySecret.GetValueOrDefault(secret);

    /// <summary>The sessions of a user.</summary>
    public IEnumerable<Session> Of(string tenant, string user) => _byUser.TryGetValue((tenant, user), out var sessions) ? sessions.Keys : [];

    /// <summary>A session has been let in.</summary>
    public void Add(Session session)
    {
        _byClient[session.Client] = session;
        if (session.Secret is { } secret) _bySecret[secret] = session;
        var caller = session.Caller!;
        while (true)
        {
            var sessions = _byUser.GetOrAdd((caller.Tenant, caller.Subject), static _ => new ConcurrentDictionary<Session, byte>(concurrencyLevel: 1, capacity: 1));
            sessions[session] = 0;
            // The last one of the user may have gone, and the list with it, at this very moment.
            if (_byUser.TryGetValue((caller.Tenant, caller.Subject), out var kept) && ReferenceEquals(kept, sessions)) return;
        }
    }

    /// <summary>A session is over. Without effect when it was never let in.</summary>
    public void Remove(Session session)
    {
        if (!_byClient.TryRemove(new KeyValuePair<string, Session>(session.Client, session))) return;
        if (session.Secret is { } secret) _bySecret.TryRemove(secret, out _);
        var key = (session.Caller!.Tenant, session.Caller.Subject);
        if (!_byUser.TryGetValue(key, out var sessions)) return;
        sessions.TryRemove(session, out _);
        if (!sessions.IsEmpty || !_byUser.TryRemove(new KeyValuePair<(string, string), ConcurrentDictionary<Session, byte>>(key, sessions))) return;
        foreach (var left in sessions.Keys) Readd(key, left);
    }

    // Somebody came into the list between the look and its removal.
    private void Readd((string, string) key, Session session) =>
        _byUser.GetOrAdd(key, static _ => new ConcurrentDictionary<Session, byte>(concurrencyLevel: 1, capacity: 1))[session] = 0;
}

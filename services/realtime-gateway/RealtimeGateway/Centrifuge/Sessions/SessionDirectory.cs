using System.Collections.Concurrent;

namespace Millrace.RealtimeGateway.Centrifuge.Sessions;

/// <summary>The connected sessions of this instance. Thread-safe.</summary>
internal sealed class SessionDirectory
{
    private readonly ConcurrentDictionary<string, Session> _byClient = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Session> _bySecret = new(StringComparer.Ordinal);

    // The first session of each user; the others hang on it in a chain, which costs less than a list for each of many users who have but one.
    private readonly Dictionary<(string Tenant, string User), Session> _byUser = [];
    private readonly Lock _users = new();

    /// <summary>All of them at this moment.</summary>
    public IEnumerable<Session> All => _byClient.Values;

    /// <summary>The session of a client id.</summary>
    public Session? Find(string client) => _byClient.GetValueOrDefault(client);

    /// <summary>The session that commands by <c>/emulation</c> are for.</summary>
    public Session? FindBySecret(string secret) => _bySecret.GetValueOrDefault(secret);

    /// <summary>The sessions of a user.</summary>
    public IReadOnlyList<Session> Of(string tenant, string user)
    {
        lock (_users)
        {
            var found = new List<Session>();
            for (var session = _byUser.GetValueOrDefault((tenant, user)); session is not null; session = session.NextOfUser) found.Add(session);
            return found;
        }
    }

    /// <summary>A session has been let in.</summary>
    public void Add(Session session)
    {
        _byClient[session.Client] = session;
        if (session.Secret is { } secret) _bySecret[secret] = session;
        var key = KeyOf(session);
        lock (_users)
        {
            if (_byUser.TryGetValue(key, out var first)) (session.NextOfUser, first.PreviousOfUser) = (first, session);
            _byUser[key] = session;
        }
    }

    /// <summary>A session is over. Without effect when it was never let in.</summary>
    public void Remove(Session session)
    {
        if (!_byClient.TryRemove(new KeyValuePair<string, Session>(session.Client, session))) return;
        if (session.Secret is { } secret) _bySecret.TryRemove(secret, out _);
        var key = KeyOf(session);
        lock (_users)
        {
            var (previous, next) = (session.PreviousOfUser, session.NextOfUser);
            (session.PreviousOfUser, session.NextOfUser) = (null, null);
            if (next is not null) next.PreviousOfUser = previous;
            if (previous is not null) previous.NextOfUser = next;
            else if (next is not null) _byUser[key] = next;
            else _byUser.Remove(key);
        }
    }

    private static (string Tenant, string User) KeyOf(Session session) => (session.Caller!.Tenant, session.Caller.Subject);
}

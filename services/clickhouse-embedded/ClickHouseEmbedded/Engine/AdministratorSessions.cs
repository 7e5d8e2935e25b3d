using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>
/// Sessions that clients name (<c>session_id</c>) to keep temporary tables and settings from one request to the next; Millrace's own user only, for a tenant can
/// make neither. A session is used by one request at a time and closed when it has been idle for its timeout.
/// </summary>
internal sealed class AdministratorSessions(ChdbEngine engine, TimeProvider time) : IDisposable
{
    private const int MaxSessions = 64;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>Opens or takes up a session.</summary>
    /// <param name="id">Its name; empty is a session for this request alone.</param>
    /// <param name="timeout">How long it stays idle before it is closed.</param>
    /// <param name="mustExist">Whether it is an error when it is new.</param>
    /// <param name="tag">Name of the request.</param>
    /// <exception cref="ChdbException">It is in use, is not there, or there are too many.</exception>
    public Lease Open(string id, TimeSpan timeout, bool mustExist, string tag)
    {
        if (id.Length == 0) return new Lease(null, null, engine.OpenAdministrator(tag));
        lock (_gate)
        {
            CloseIdle();
            if (!_sessions.TryGetValue(id, out var session))
            {
                if (mustExist) throw ChdbException.Of(ServerError.SessionNotFound, "Session not found");
                if (_sessions.Count >= MaxSessions) throw ChdbException.Of(ServerError.TooManySimultaneousQueries, $"Too many sessions. Maximum: {MaxSessions}.");
                session = new Session(id, engine.OpenAdministrator(tag));
                _sessions.Add(id, session);
            }
            else if (session.InUse)
            {
                throw ChdbException.Of(ServerError.SessionIsLocked, "Session is locked by a concurrent client");
            }
            else
            {
                session.Connection.Execute(SettingsStatement.Of([new("log_comment", tag)]));
            }
            session.InUse = true;
            session.Timeout = timeout;
            return new Lease(this, session, session.Connection);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var session in _sessions.Values.Where(s => !s.InUse)) session.Connection.Dispose();
            _sessions.Clear();
        }
    }

    private void Return(Session session, bool broken)
    {
        lock (_gate)
        {
            session.InUse = false;
            session.LastUse = time.GetTimestamp();
            if (!broken && !_disposed) return;
            _sessions.Remove(session.Id);
            session.Connection.Dispose();
        }
    }

    private void CloseIdle()
    {
        foreach (var session in _sessions.Values.Where(s => !s.InUse && time.GetElapsedTime(s.LastUse) > s.Timeout).ToList())
        {
            _sessions.Remove(session.Id);
            session.Connection.Dispose();
        }
    }

    /// <summary>A connection for one request.</summary>
    public sealed class Lease(AdministratorSessions? owner, Session? session, ChdbConnection connection) : IDisposable
    {
        /// <summary>The connection.</summary>
        public ChdbConnection Connection => connection;

        /// <summary>Says that the session's state is unknown, so that it is not used again.</summary>
        public bool Broken { get; set; }

        public void Dispose()
        {
            if (session is null) connection.Dispose();
            else owner!.Return(session, Broken);
        }
    }

    /// <summary>A named session.</summary>
    public sealed class Session(string id, ChdbConnection connection)
    {
        /// <summary>Its name.</summary>
        public string Id => id;

        /// <summary>Its state.</summary>
        public ChdbConnection Connection => connection;

        /// <summary>Whether a request uses it.</summary>
        public bool InUse { get; set; }

        /// <summary>When it was last used.</summary>
        public long LastUse { get; set; }

        /// <summary>How long it may be idle.</summary>
        public TimeSpan Timeout { get; set; }
    }
}

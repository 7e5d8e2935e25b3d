namespace Millrace.RealtimeGateway.Centrifuge.Formats;

/// <summary>Fields of the messages that the server sends, as <c>client.proto</c> of the Centrifuge protocol numbers them.</summary>
internal static class Fields
{
    /// <summary>Reply: what every message of the server is on a two-way connection.</summary>
    internal static class Reply
    {
        public static readonly Field Id = new(1, "id");
        public static readonly Field Error = new(2, "error");
        public static readonly Field Push = new(4, "push");
        public static readonly Field Connect = new(5, "connect");
        public static readonly Field Subscribe = new(6, "subscribe");
        public static readonly Field Unsubscribe = new(7, "unsubscribe");
        public static readonly Field Publish = new(8, "publish");
        public static readonly Field Presence = new(9, "presence");
        public static readonly Field PresenceStats = new(10, "presence_stats");
        public static readonly Field History = new(11, "history");
        public static readonly Field Ping = new(12, "ping");
        public static readonly Field Rpc = new(13, "rpc");
        public static readonly Field Refresh = new(14, "refresh");
        public static readonly Field SubRefresh = new(15, "sub_refresh");
    }

    /// <summary>Error.</summary>
    internal static class Error
    {
        public static readonly Field Code = new(1, "code");
        public static readonly Field Message = new(2, "message");
        public static readonly Field Temporary = new(3, "temporary");
    }

    /// <summary>Push: what the server says unasked.</summary>
    internal static class Push
    {
        public static readonly Field Channel = new(2, "channel");
        public static readonly Field Pub = new(4, "pub");
        public static readonly Field Join = new(5, "join");
        public static readonly Field Leave = new(6, "leave");
        public static readonly Field Unsubscribe = new(7, "unsubscribe");
        public static readonly Field Message = new(8, "message");
        public static readonly Field Subscribe = new(9, "subscribe");
        public static readonly Field Connect = new(10, "connect");
        public static readonly Field Disconnect = new(11, "disconnect");
        public static readonly Field Refresh = new(12, "refresh");
    }

    /// <summary>Publication.</summary>
    internal static class Publication
    {
        public static readonly Field Data = new(4, "data");
        public static readonly Field Info = new(5, "info");
        public static readonly Field Offset = new(6, "offset");
        public static readonly Field Tags = new(7, "tags");
        public static readonly Field Delta = new(8, "delta");
    }

    /// <summary>ClientInfo: who published, who is present.</summary>
    internal static class ClientInfo
    {
        public static readonly Field User = new(1, "user");
        public static readonly Field Client = new(2, "client");
        public static readonly Field ConnInfo = new(3, "conn_info");
        public static readonly Field ChanInfo = new(4, "chan_info");
    }

    /// <summary>ConnectResult, and the push Connect, whose fields are the same.</summary>
    internal static class Connect
    {
        public static readonly Field Client = new(1, "client");
        public static readonly Field Version = new(2, "version");
        public static readonly Field Expires = new(3, "expires");
        public static readonly Field Ttl = new(4, "ttl");
        public static readonly Field Data = new(5, "data");
        public static readonly Field Subs = new(6, "subs");
        public static readonly Field Ping = new(7, "ping");
        public static readonly Field Pong = new(8, "pong");
        public static readonly Field Session = new(9, "session");
        public static readonly Field Node = new(10, "node");

        /// <summary>The push numbers the subscriptions otherwise than the result.</summary>
        internal static class Pushed
        {
            public static readonly Field Data = new(3, "data");
            public static readonly Field Subs = new(4, "subs");
            public static readonly Field Expires = new(5, "expires");
            public static readonly Field Ttl = new(6, "ttl");
        }
    }

    /// <summary>SubscribeResult.</summary>
    internal static class Subscribe
    {
        public static readonly Field Expires = new(1, "expires");
        public static readonly Field Ttl = new(2, "ttl");
        public static readonly Field Recoverable = new(3, "recoverable");
        public static readonly Field Epoch = new(6, "epoch");
        public static readonly Field Publications = new(7, "publications");
        public static readonly Field Recovered = new(8, "recovered");
        public static readonly Field Offset = new(9, "offset");
        public static readonly Field Positioned = new(10, "positioned");
        public static readonly Field Data = new(11, "data");
        public static readonly Field WasRecovering = new(12, "was_recovering");
        public static readonly Field Delta = new(13, "delta");

        /// <summary>The push, which numbers its fields otherwise.</summary>
        internal static class Pushed
        {
            public static readonly Field Recoverable = new(1, "recoverable");
            public static readonly Field Epoch = new(4, "epoch");
            public static readonly Field Offset = new(5, "offset");
            public static readonly Field Positioned = new(6, "positioned");
            public static readonly Field Data = new(7, "data");
        }
    }

    /// <summary>RefreshResult and SubRefreshResult are tails of the same fields.</summary>
    internal static class Refresh
    {
        public static readonly Field Expires = new(1, "expires");
        public static readonly Field Ttl = new(2, "ttl");
    }

    /// <summary>HistoryResult.</summary>
    internal static class History
    {
        public static readonly Field Publications = new(1, "publications");
        public static readonly Field Epoch = new(2, "epoch");
        public static readonly Field Offset = new(3, "offset");
    }

    /// <summary>PresenceResult and PresenceStatsResult.</summary>
    internal static class Presence
    {
        public static readonly Field Entries = new(1, "presence");
        public static readonly Field NumClients = new(1, "num_clients");
        public static readonly Field NumUsers = new(2, "num_users");
    }

    /// <summary>RPCResult, Message.</summary>
    internal static class Data
    {
        public static readonly Field Value = new(1, "data");
    }

    /// <summary>Join, Leave.</summary>
    internal static class JoinLeave
    {
        public static readonly Field Info = new(1, "info");
    }

    /// <summary>Unsubscribe and Disconnect, pushed.</summary>
    internal static class Unsubscribe
    {
        public static readonly Field Code = new(2, "code");
        public static readonly Field Reason = new(3, "reason");
    }

    /// <summary>Disconnect, pushed.</summary>
    internal static class Disconnect
    {
        public static readonly Field Code = new(1, "code");
        public static readonly Field Reason = new(2, "reason");
        public static readonly Field Reconnect = new(3, "reconnect");
    }
}

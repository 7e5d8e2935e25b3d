using Millrace.Contracts.Protos;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.Presence;

/// <summary>
/// Who listens here, of channels whose namespace wants to know, and what of it the other gateways have not been told yet. Of a client that comes and goes before it
/// was told, nothing is: what waits is bounded by the subscriptions there are and were told of. Thread-safe; called under the locks of channels.
/// </summary>
internal sealed class LocalPresence
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Dictionary<string, Entry>> _present = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, string Client), Entry> _untold = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A client has begun to listen.</summary>
    public void Joined(ChannelName name, ClientInfo info)
    {
        lock (_gate)
        {
            if (!_present.TryGetValue(name.Key, out var clients)) _present.Add(name.Key, clients = new Dictionary<string, Entry>(StringComparer.Ordinal));
            var entry = new Entry(name, info);
            clients[info.Client] = entry;
            _untold[(name.Key, info.Client)] = entry;
            _changed.TrySetResult();
        }
    }

    /// <summary>A client no longer listens.</summary>
    public void Left(ChannelName name, ClientInfo info)
    {
        lock (_gate)
        {
            if (!_present.TryGetValue(name.Key, out var clients) || !clients.Remove(info.Client, out var entry)) return;
            if (clients.Count == 0) _present.Remove(name.Key);
            entry.Left = true;
            if (entry.Told) _untold[(name.Key, info.Client)] = entry;
            else _untold.Remove((name.Key, info.Client));
            _changed.TrySetResult();
        }
    }

    /// <summary>Who listens to a channel here.</summary>
    public IReadOnlyList<ClientInfo> Of(ChannelName name)
    {
        lock (_gate) return _present.TryGetValue(name.Key, out var clients) ? [.. clients.Values.Select(entry => entry.Info)] : [];
    }

    /// <summary>Completes when there is something to tell.</summary>
    public Task ChangedAsync()
    {
        lock (_gate) return _untold.Count > 0 ? Task.CompletedTask : _changed.Task;
    }

    /// <summary>Everything that still holds is to be told again.</summary>
    public void TellAgain()
    {
        lock (_gate)
        {
            foreach (var (key, clients) in _present)
            {
                foreach (var (client, entry) in clients) _untold[(key, client)] = entry;
            }

            if (_untold.Count > 0) _changed.TrySetResult();
        }
    }

    /// <summary>Takes some of what is to be told; what could not be is given back to <see cref="Return"/>.</summary>
    public IReadOnlyList<Entry> Take(int most)
    {
        lock (_gate)
        {
            var taken = _untold.Take(most).ToList();
            foreach (var (key, entry) in taken)
            {
                _untold.Remove(key);
                // From here on others may know of it.
                entry.Told = true;
            }

            if (_untold.Count == 0 && _changed.Task.IsCompleted) _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return [.. taken.Select(item => item.Value)];
        }
    }

    /// <summary>Gives back what could not be told.</summary>
    public void Return(IReadOnlyList<Entry> entries)
    {
        lock (_gate)
        {
            foreach (var entry in entries) _untold.TryAdd((entry.Name.Key, entry.Info.Client), entry);
            if (_untold.Count > 0) _changed.TrySetResult();
        }
    }

    /// <summary>A client in a channel.</summary>
    internal sealed class Entry(ChannelName name, ClientInfo info)
    {
        public ChannelName Name => name;

        public ClientInfo Info => info;

        public bool Left { get; set; }

        public bool Told { get; set; }

        /// <summary>What the others are told.</summary>
        public PresenceEntry ToRecord() => new() { Channel = name.Text, Tenant = name.Tenant, Client = PublicationRecord.ToRecord(info), Left = Left };
    }
}

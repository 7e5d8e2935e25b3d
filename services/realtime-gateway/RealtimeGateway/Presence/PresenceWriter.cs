using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Contracts;
using Millrace.Contracts.Protos;
using Millrace.Hosting.Workers;
using Millrace.Ports.EventLog;
using Millrace.RealtimeGateway.Centrifuge.Sessions;
using Millrace.RealtimeGateway.Channels;

namespace Millrace.RealtimeGateway.Presence;

/// <summary>Tells the other gateways that this one lives, and who listens here.</summary>
internal sealed class PresenceWriter(
    IEventLog log,
    ChannelRegistry registry,
    LocalPresence local,
    SessionDirectory sessions,
    GatewayNode self,
    IOptions<GatewayOptions> options,
    TimeProvider time,
    ILogger<PresenceWriter> logger)
    : Worker(time, logger)
{
    private const int AtOnce = 1000;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);
    private readonly byte[] _key = Encoding.ASCII.GetBytes(self.Id);
    private readonly Dictionary<string, ChannelCount> _counted = new(StringComparer.Ordinal);

    public override string Name => "gateway-presence-writer";

    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        var interval = options.Value.Presence.Ttl / 3;
        var renewed = Time.GetTimestamp();
        try
        {
            while (true)
            {
                if (Time.GetElapsedTime(renewed) >= options.Value.Presence.Renewal)
                {
                    renewed = Time.GetTimestamp();
                    local.TellAgain();
                    _counted.Clear();
                }

                await AppendAsync([Record(new PresenceRecord { Lease = Lease((long)options.Value.Presence.Ttl.TotalMilliseconds) }), .. Counts()], cancellationToken);
                await TellAsync(Task.Delay(interval, Time, cancellationToken), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SayFarewellAsync();
            throw;
        }
    }

    private async Task TellAsync(Task until, CancellationToken cancellationToken)
    {
        while (await Task.WhenAny(until, local.ChangedAsync()) != until)
        {
            var entries = local.Take(AtOnce);
            if (entries.Count == 0) continue;
            try
            {
                await AppendAsync([.. entries.Select(entry => Record(new PresenceRecord { Entry = entry.ToRecord() }))], cancellationToken);
            }
            catch
            {
                local.Return(entries);
                throw;
            }
        }

        await until;
    }

    private async Task SayFarewellAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(Farewell, Time);
            await AppendAsync([Record(new PresenceRecord { Lease = Lease(0) })], limit.Token);
        }
        catch (Exception e) when (e is EventLogException or OperationCanceledException or ObjectDisposedException)
        {
            // The lease runs out by itself.
            Log.NoFarewell(logger, e.Message);
        }
    }

    private NodeLease Lease(long ttlMs)
    {
        var channels = registry.All.Where(channel => channel.HasSubscribers).ToList();
        return new NodeLease
        {
            Name = self.Name,
            Version = self.Version,
            StartedAtMs = self.StartedAt.ToUnixTimeMilliseconds(),
            TtlMs = ttlMs,
            Clients = (uint)sessions.All.Count(),
            Users = (uint)sessions.All.Select(session => (session.Caller!.Tenant, session.Caller.Subject)).Distinct().Count(),
            Subscriptions = (uint)channels.Sum(channel => channel.Subscribers),
            Channels = (uint)channels.Count,
        };
    }

    /// <summary>What has changed of how many listen.</summary>
    private IEnumerable<LogRecord> Counts()
    {
        var now = registry.All.Where(channel => channel.HasSubscribers).ToDictionary(
            channel => channel.Name.Key,
            channel => new ChannelCount { Channel = channel.Name.Text, Tenant = channel.Name.Tenant, Subscribers = (uint)channel.Subscribers },
            StringComparer.Ordinal);
        var changed = now.Where(count => !_counted.TryGetValue(count.Key, out var told) || told.Subscribers != count.Value.Subscribers).Select(count => count.Value).ToList();
        foreach (var (key, told) in _counted.Where(told => !now.ContainsKey(told.Key)).ToList())
        {
            _counted.Remove(key);
            changed.Add(new ChannelCount { Channel = told.Channel, Tenant = told.Tenant });
        }

        foreach (var (key, count) in now) _counted[key] = count;
        foreach (var some in changed.Chunk(AtOnce)) yield return Record(new PresenceRecord { Counts = new ChannelCounts { Channels = { some } } });
    }

    private LogRecord Record(PresenceRecord record)
    {
        record.Node = self.Id;
        return new LogRecord(_key, record.ToByteArray());
    }

    private async ValueTask AppendAsync(LogRecord[] records, CancellationToken cancellationToken) =>
        await log.AppendAsync(Topics.Presence, records, Memory<LogPosition>.Empty, cancellationToken);
}

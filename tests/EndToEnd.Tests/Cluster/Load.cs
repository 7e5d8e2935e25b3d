using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.EndToEnd.Tests.Cluster;

/// <summary>Producers that send each batch until it is accepted, as those do who must not lose anything.</summary>
internal sealed class Load(ClusterInstallation millrace, string stream, int senders)
{
    private const int BatchSize = 50;
    private static readonly TimeSpan _pace = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<string, byte> _acknowledged = new();
    private readonly CancellationTokenSource _stop = new();
    private Task[] _running = [];
    private int _retries;

    /// <summary>Ids whose acceptance was answered.</summary>
    public ICollection<string> Acknowledged => _acknowledged.Keys;

    /// <summary>Batches that had to be sent again.</summary>
    public int Retries => Volatile.Read(ref _retries);

    /// <summary>The streams, one a sender.</summary>
    public IEnumerable<string> Streams => Enumerable.Range(0, senders).Select(StreamOf);

    public void Start() => _running = [.. Enumerable.Range(0, senders).Select(SendAsync)];

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private string StreamOf(int sender) => $"{stream}-{sender}";

    private async Task SendAsync(int sender)
    {
        await Task.Yield();
        using var client = millrace.Client();
        using var timer = new PeriodicTimer(_pace);
        for (var batch = 0; !_stop.IsCancellationRequested; batch++)
        {
            var ids = Enumerable.Range(0, BatchSize).Select(i => $"{sender}-{batch}-{i}").ToList();
            var lines = ids.Select(id => JsonSerializer.Serialize(new { id, stream = StreamOf(sender), values = new { one = 1 } })).ToList();
            // Until it is accepted, also after the stop: what is unknown now would be unknown at the count.
            while (!await TrySendAsync(client, lines, ids.Count))
            {
                Interlocked.Increment(ref _retries);
                await timer.WaitForNextTickAsync();
            }

            foreach (var id in ids) _acknowledged.TryAdd(id, 0);
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<bool> TrySendAsync(MillraceClient client, List<string> lines, int expected)
    {
        try
        {
            using var answer = await client.IngestAsync(lines);
            if (answer.StatusCode != HttpStatusCode.Accepted) return false;
            return (int)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["accepted"]! == expected;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return false; // Cut in the middle: it may have been taken or not.
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Millrace.Ingest.Overload;

/// <summary>Decides which requests come in, and when each is read. Thread-safe.</summary>
/// <param name="options">The limits.</param>
/// <param name="time">The clock.</param>
internal sealed class Admission(IOptions<IngestOptions> options, TimeProvider time)
{
    // A body may trickle in; it is not to count for more than it may bring soon.
    private const long MostExpected = 256 * 1024;
    private const long Unannounced = 16 * 1024;

    private readonly OverloadOptions _options = options.Value.Overload;
    private readonly ConcurrentDictionary<string, TenantFlow> _flows = new(StringComparer.Ordinal);

    // One word, not two as a nullable would be: it is read while it is written.
    private double _backlog = double.NaN;

    /// <summary>The line.</summary>
    public WorkGate Gate { get; } = new(
        options.Value.Overload.Readers ?? Math.Max(2, Environment.ProcessorCount), new LogWindow(options.Value.Overload.LogTarget), time);

    /// <summary>Seconds that the aggregator's backlog takes to work off; <see langword="null"/> while that can't be told.</summary>
    public double? Backlog
    {
        get => Volatile.Read(ref _backlog) is var seconds && double.IsNaN(seconds) ? null : seconds;
        set => Volatile.Write(ref _backlog, value ?? double.NaN);
    }

    /// <summary>Every tenant that has sent anything, which only credentials can name.</summary>
    public IEnumerable<TenantFlow> Flows => _flows.Values;

    /// <summary>A tenant's.</summary>
    public TenantFlow Of(string tenant) => _flows.TryGetValue(tenant, out var flow) ? flow : _flows.GetOrAdd(tenant, static name => new TenantFlow(name));

    /// <summary>Whether a request may come in.</summary>
    /// <param name="flow">Its tenant's.</param>
    /// <param name="announced">What its header says of its length.</param>
    /// <param name="expected">What is reckoned with, for the gate.</param>
    /// <param name="retryAfter">Value of <c>Retry-After</c> where it may not.</param>
    public bool TryArrive(TenantFlow flow, long? announced, out long expected, out string retryAfter)
    {
        expected = Math.Min(announced ?? Unannounced, MostExpected);
        retryAfter = "";
        if (Gate.TryArrive(flow, expected, _options.MaxWait, out var wait)) return true;
        retryAfter = Refuse(flow, wait);
        return false;
    }

    /// <summary>Counts a refusal.</summary>
    /// <returns>Value of <c>Retry-After</c>: whole seconds, with up to a quarter and a second more by chance, so that not all come back at once.</returns>
    public string Refuse(TenantFlow flow, TimeSpan wait)
    {
        flow.AddRefusal();
#pragma warning disable CA5394 // Jitter is no secret.
        var seconds = Math.Min(wait.TotalSeconds, _options.MaxRetryAfter.TotalSeconds) * (1 + (0.25 * Random.Shared.NextDouble()));
        return Math.Clamp((long)Math.Ceiling(seconds) + Random.Shared.Next(2), 1, (long)_options.MaxRetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
#pragma warning restore CA5394
    }
}

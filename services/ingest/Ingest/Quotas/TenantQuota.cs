using System.Globalization;

namespace Millrace.Ingest.Quotas;

/// <summary>
/// What one tenant may send. A request is looked at twice: before its body is read, when an exhausted quota refuses it for next to nothing,
/// and after, when its size is known and charged. Thread-safe.
/// </summary>
internal sealed class TenantQuota
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly long? _eventCapacity;
    private readonly long? _byteCapacity;
    private TokenBucket _events;
    private TokenBucket _bytes;

    public TenantQuota(TenantQuotaOptions options, TimeProvider time)
    {
        _time = time;
        _eventCapacity = options.EventsPerSecond * options.BurstSeconds;
        _byteCapacity = options.BytesPerSecond * options.BurstSeconds;
        _events = new TokenBucket(options.EventsPerSecond ?? 1, _eventCapacity ?? 1, Now());
        _bytes = new TokenBucket(options.BytesPerSecond ?? 1, _byteCapacity ?? 1, Now());
        var policies = new List<string>(2);
        if (_eventCapacity is { } events) policies.Add($"\"events\";q={events};w={options.BurstSeconds};qu=\"events\"");
        if (_byteCapacity is { } bytes) policies.Add($"\"bytes\";q={bytes};w={options.BurstSeconds};qu=\"content-bytes\"");
        Policy = string.Join(", ", policies);
    }

    /// <summary>Value of the header <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers-10, §3).</summary>
    public string Policy { get; }

    /// <summary>Whether anything is left.</summary>
    /// <param name="retryAfter">How long to wait where nothing is.</param>
    public bool HasAny(out TimeSpan retryAfter)
    {
        lock (_gate)
        {
            Refresh();
            var seconds = Math.Max(_eventCapacity is null ? 0 : _events.SecondsUntilAny, _byteCapacity is null ? 0 : _bytes.SecondsUntilAny);
            retryAfter = TimeSpan.FromSeconds(seconds);
            return seconds <= 0;
        }
    }

    /// <summary>Charges a request where anything is left, into debt if it asks for more.</summary>
    public bool TryCharge(int events, int bytes, out TimeSpan retryAfter)
    {
        lock (_gate)
        {
            if (!HasAny(out retryAfter)) return false;
            Take(events, bytes);
            return true;
        }
    }

    /// <summary>Gives back what was charged for a request that came to nothing through no fault of its own.</summary>
    public void Refund(int events, int bytes)
    {
        lock (_gate) Take(-events, -bytes);
    }

    /// <summary>Value of the header <c>RateLimit</c> (the same draft, §4): what is left, and the seconds until all of it is back.</summary>
    public string Describe()
    {
        lock (_gate)
        {
            Refresh();
            var events = _eventCapacity is null ? null : Item("events", _events.Held, _events.SecondsUntilFull);
            var bytes = _byteCapacity is null ? null : Item("bytes", _bytes.Held, _bytes.SecondsUntilFull);
            return events is null ? bytes ?? "" : bytes is null ? events : events + ", " + bytes;
        }
    }

    private void Take(int events, int bytes)
    {
        _events.Take(events);
        _bytes.Take(bytes);
    }

    private void Refresh()
    {
        var now = Now();
        _events.MoveTo(now);
        _bytes.MoveTo(now);
    }

    private double Now() => _time.GetElapsedTime(0).TotalSeconds;

    private static string Item(string name, double held, double untilFull) => string.Create(
        CultureInfo.InvariantCulture, $"\"{name}\";r={(long)Math.Max(0, Math.Floor(held))};t={(long)Math.Ceiling(untilFull)}");
}

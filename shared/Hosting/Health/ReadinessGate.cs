using System.Collections.Concurrent;

namespace Millrace.Hosting.Health;

/// <summary>
/// What must run before this process takes traffic: <c>/health/ready</c> answers 503 until everything expected is ready. Thread-safe.
/// </summary>
public sealed class ReadinessGate
{
    private readonly ConcurrentDictionary<string, string?> _waiting = new(StringComparer.Ordinal);

    /// <summary>Declares a part that must become ready. Call it before the server starts (in a constructor or when services are added).</summary>
    public void Expect(string name) => _waiting.TryAdd(name, "starting");

    /// <summary>The part runs.</summary>
    public void MarkReady(string name) => _waiting[name] = null;

    /// <summary>The part does not run (any more).</summary>
    /// <param name="name">The part.</param>
    /// <param name="reason">Why, for the operator.</param>
    public void MarkNotReady(string name, string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(reason);
        _waiting[name] = reason;
    }

    /// <summary>Whether every expected part runs.</summary>
    public bool IsReady => _waiting.All(part => part.Value is null);

    /// <summary>Every part by name: <see langword="null"/> when it runs, else why it does not.</summary>
    public IReadOnlyDictionary<string, string?> Parts => new SortedDictionary<string, string?>(_waiting, StringComparer.Ordinal);
}

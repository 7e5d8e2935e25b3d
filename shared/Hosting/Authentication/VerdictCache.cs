using System.Collections.Concurrent;

namespace Millrace.Hosting.Authentication;

/// <summary>
/// Remembers verdicts by the hash of the credential. An entry is good until <c>Fresh</c>; then one caller renews it while the others still use it,
/// until <c>Dead</c>, when nobody does. That keeps a hot key from sending every concurrent request to the database each time it runs out.
/// </summary>
internal sealed class VerdictCache(TimeProvider time, int capacity)
{
    private readonly ConcurrentDictionary<KeyHash, Entry> _entries = new();
    private int _generation;

    /// <summary>A usable verdict; false when the caller has to find one.</summary>
    public bool TryGet(KeyHash hash, out AuthenticationVerdict verdict)
    {
        if (_entries.TryGetValue(hash, out var entry))
        {
            var age = time.GetElapsedTime(entry.Since);
            if (age < entry.Fresh || (age < entry.Dead && !entry.ClaimRenewal()))
            {
                verdict = entry.Verdict;
                return true;
            }
        }

        verdict = default;
        return false;
    }

    /// <summary>A verdict that was true not longer ago than <paramref name="grace"/>: for while nobody can be asked.</summary>
    /// <param name="hash">The credential's.</param>
    /// <param name="grace">How long ago it may be.</param>
    /// <param name="usable">How long it is to be used now without asking again.</param>
    /// <param name="verdict">The verdict.</param>
    public bool TryProlong(KeyHash hash, TimeSpan grace, TimeSpan usable, out AuthenticationVerdict verdict)
    {
        verdict = default;
        if (!_entries.TryGetValue(hash, out var entry)) return false;
        var age = time.GetElapsedTime(entry.Since);
        if (age >= grace) return false;
        verdict = entry.Verdict;
        var until = age + usable < grace ? age + usable : grace;
        // Only in place of what was read: another may have learnt something meanwhile.
        _entries.TryUpdate(hash, new Entry(verdict, entry.Since, until, until), entry);
        return true;
    }

    /// <summary>Whether a verdict is held that was true not longer ago than <paramref name="grace"/>.</summary>
    public bool Has(KeyHash hash, TimeSpan grace) => _entries.TryGetValue(hash, out var entry) && time.GetElapsedTime(entry.Since) < grace;

    /// <summary>Has verdicts asked for again before their next use, and keeps them for while nobody can be asked.</summary>
    public void Doubt(Func<AuthenticationVerdict, bool> condition)
    {
        Interlocked.Increment(ref _generation);
        foreach (var (hash, entry) in _entries)
        {
            if (condition(entry.Verdict))
                _entries.TryUpdate(hash, new Entry(entry.Verdict, entry.Since, TimeSpan.Zero, TimeSpan.Zero), entry);
        }
    }

    /// <summary>
    /// Changes with each <see cref="Forget"/> and <see cref="Doubt"/>. A verdict that was found while it changed may be from before, so it is not to be remembered.
    /// </summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>Remembers a verdict that was true when <paramref name="since"/> was taken.</summary>
    public void Put(KeyHash hash, in AuthenticationVerdict verdict, long since, TimeSpan fresh, TimeSpan dead)
    {
        if (_entries.Count >= capacity)
        {
            HostingMetrics.CacheEvictions.Add(_entries.Count);
            _entries.Clear();
        }

        _entries[hash] = new Entry(verdict, since, fresh, dead);
    }

    /// <summary>Forgets a verdict that turned out to be void.</summary>
    public void Remove(KeyHash hash) => _entries.TryRemove(hash, out _);

    /// <summary>Forgets every verdict that a condition names.</summary>
    public void Forget(Func<AuthenticationVerdict, bool> condition)
    {
        Interlocked.Increment(ref _generation);
        foreach (var (hash, entry) in _entries)
        {
            if (condition(entry.Verdict))
                _entries.TryRemove(hash, out _);
        }
    }

    private sealed class Entry(AuthenticationVerdict verdict, long since, TimeSpan fresh, TimeSpan dead)
    {
        private int _renewing;

        public AuthenticationVerdict Verdict { get; } = verdict;

        public long Since { get; } = since;

        public TimeSpan Fresh { get; } = fresh;

        public TimeSpan Dead { get; } = dead;

        public bool ClaimRenewal() => Interlocked.Exchange(ref _renewing, 1) == 0;
    }
}

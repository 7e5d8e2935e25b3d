namespace Millrace.Testing;

/// <summary>
/// A clock that moves only when a test moves it. Timers fire inside <see cref="Advance"/>, on the calling thread, in the order they are due,
/// each seeing the time at which it was due.
/// </summary>
/// <param name="start">Time at the beginning, or <see langword="null"/> for 2026-01-01T00:00:00Z.</param>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now = start ?? new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private TimeSpan _elapsed;
    private long _sequence;

    /// <summary>Timers that are due some time. Lets a test wait until the code under test has begun to wait.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate) return _timers.Count;
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate) return _elapsed.Ticks;
    }

    /// <summary>
    /// Moves the time on at one go, as for a machine that was suspended: what has fallen due fires afterwards, once, and sees the new time. For spans so long
    /// that <see cref="Advance"/> would fire short timers many thousand times.
    /// </summary>
    /// <param name="by">Zero or more.</param>
    public void Jump(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_gate)
        {
            _now += by;
            _elapsed += by;
        }
        Advance(TimeSpan.Zero);
    }

    /// <summary>Moves the time on and fires what falls due, timers that the fired ones set included.</summary>
    /// <param name="by">Zero or more.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan target;
        lock (_gate) target = _elapsed + by;
        while (true)
        {
            ManualTimer? due;
            lock (_gate)
            {
                due = _timers.Where(t => t.Due <= target).OrderBy(t => t.Due).ThenBy(t => t.Sequence).FirstOrDefault();
                var to = due is null || due.Due < _elapsed ? TimeSpan.Zero : due.Due - _elapsed;
                if (due is null) to = target > _elapsed ? target - _elapsed : TimeSpan.Zero;
                _now += to;
                _elapsed += to;
                due?.Reschedule();
            }
            if (due is null) return;
            due.Fire();
        }
    }

    /// <summary>
    /// Sets the wall clock. Forward is <see cref="Advance"/>; backward is a step of the wall clock alone, as when a machine's clock is corrected:
    /// timestamps and timers do not notice.
    /// </summary>
    public void SetUtcNow(DateTimeOffset now)
    {
        TimeSpan by;
        lock (_gate)
        {
            by = now - _now;
            if (by < TimeSpan.Zero) _now = now;
        }
        if (by > TimeSpan.Zero) Advance(by);
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private bool _disposed;

        public TimeSpan Due { get; private set; }

        public long Sequence { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool now;
            lock (owner._gate)
            {
                if (_disposed) return false;
                owner._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                Schedule(dueTime);
                now = dueTime == TimeSpan.Zero;
                if (now) Reschedule();
            }
            // As with the system's timers a due time of zero does not wait for the clock.
            if (now) ThreadPool.UnsafeQueueUserWorkItem(static t => t.Fire(), this, preferLocal: false);
            return true;
        }

        public void Fire() => callback(state);

        /// <summary>To its next period, or off the list. Under the owner's lock.</summary>
        public void Reschedule()
        {
            owner._timers.Remove(this);
            if (_period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero && !_disposed) Schedule(_period);
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                _disposed = true;
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Schedule(TimeSpan after)
        {
            Due = owner._elapsed + after;
            Sequence = owner._sequence++;
            owner._timers.Add(this);
        }
    }
}

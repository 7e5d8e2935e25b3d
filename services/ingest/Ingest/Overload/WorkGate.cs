namespace Millrace.Ingest.Overload;

/// <summary>
/// Lets requests to their work, so many at a time, tenant by tenant: start-time fair queueing (Goyal, Vin and Cheng, 1996). Each request is due at the virtual
/// time at which its tenant's earlier ones would be done if all tenants were served alike, and the one that is due first is next. So tenants that ask
/// for more than there is get equal shares in bytes, and one that asks for less than its share waits for no more than a request of each other.
/// Thread-safe.
/// </summary>
/// <param name="slots">Requests at work at a time.</param>
/// <param name="log">How much may be in the log's hands.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkGate(int slots, LogWindow log, TimeProvider time)
{
    // What a request costs beside its bytes, in bytes.
    private const long Overhead = 2048;

    // This part of the log's window, beyond it, is for those who have had less than their share.
    private const int Reserve = 4;

    // Seconds' worth of the pace that may be used at once.
    private const double Burst = 0.1;

    private readonly int _perTenant = Math.Max(1, slots - 1);
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TenantFlow, (long Start, long Order)> _line = new();
    private readonly ServiceRate _rate = new();
    private long _virtualTime;
    private long _order;
    private int _running;
    private int _waiting;
    private long _inLog;
    private int _active;
    private long _pending;
    private double? _pace;
    private double _tokens;
    private double _tokensAt;
    private long _served;

    /// <summary>Requests that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Bytes that may be in the log's hands.</summary>
    public long LogWindow
    {
        get
        {
            lock (_gate) return log.Bytes;
        }
    }

    /// <summary>Bytes that have been let to work since the start, with what a request costs beside them.</summary>
    public long Served => Volatile.Read(ref _served);

    /// <summary>
    /// Limits the bytes a second that tenants get beyond their share; <see langword="null"/> for no limit. Who asks for less than its share goes on as
    /// before. While there is a limit, <see cref="Tick"/> is to be called every few milliseconds.
    /// </summary>
    public void SetPace(double? bytesPerSecond)
    {
        lock (_gate)
        {
            if (_pace is null) (_tokens, _tokensAt) = (0, Now());
            _pace = bytesPerSecond;
            Dispatch();
        }
    }

    /// <summary>Lets those to work whose time has come.</summary>
    public void Tick()
    {
        lock (_gate) Dispatch();
    }

    /// <summary>A request arrives whose body is still to be read.</summary>
    /// <param name="flow">Its tenant's.</param>
    /// <param name="bytes">What it is expected to have.</param>
    /// <param name="maxWait">Longest wait that is well.</param>
    /// <param name="retryAfter">When it would be its turn, where it is refused.</param>
    /// <returns>Whether it may come in.</returns>
    public bool TryArrive(TenantFlow flow, long bytes, TimeSpan maxWait, out TimeSpan retryAfter)
    {
        lock (_gate)
        {
            retryAfter = TimeSpan.Zero;
            var now = Now();
            // What is served tells how long a new one would wait; how long the first has waited tells it only where nothing is served.
            var wait = flow.Pending == 0 ? 0 : SecondsFor(flow.Pending) ?? HeadAge(flow);
            // Whose line is shorter than the average is not the one that is too much, however slow the machine is.
            var modest = flow.Pending * _active < _pending;
            if (modest || !flow.IsOverlong(wait, maxWait.TotalSeconds, now))
            {
                AddPending(flow, bytes + Overhead);
                return true;
            }

            // Who is sent away is given the time at which its work could be done after that of those sent away before.
            flow.Booked = Math.Max(now + wait, flow.Booked) + (SecondsFor(bytes + Overhead) ?? 0);
            retryAfter = TimeSpan.FromSeconds(flow.Booked - now);
            return false;
        }
    }

    /// <summary>It goes before its turn: its client has gone, or its body could not be read.</summary>
    public void Withdraw(TenantFlow flow, long expected)
    {
        lock (_gate) AddPending(flow, -(expected + Overhead));
    }

    /// <summary>Waits for its turn. After it comes <see cref="LeaveWork"/>, then <see cref="LeaveLog"/>.</summary>
    /// <param name="flow">Its tenant's.</param>
    /// <param name="expected">What was expected when it arrived.</param>
    /// <param name="bytes">What it has.</param>
    /// <param name="cancellationToken">The client has gone: it is withdrawn then.</param>
    public Task EnterAsync(TenantFlow flow, long expected, long bytes, CancellationToken cancellationToken)
    {
        var turn = Enter(flow, expected, bytes);
        return turn.Granted.IsCompleted ? Task.CompletedTask : AwaitAsync(turn, cancellationToken);
    }

    /// <summary>The same, without the waiting.</summary>
    public Turn Enter(TenantFlow flow, long expected, long bytes)
    {
        lock (_gate)
        {
            AddPending(flow, bytes - expected);
            var cost = bytes + Overhead;
            var turn = new Turn(cost, Math.Max(_virtualTime, flow.Finish), _order++, time.GetTimestamp());
            flow.Finish = turn.Start + cost;
            flow.Waiting.Enqueue(turn);
            _waiting++;
            Line(flow);
            Dispatch();
            return turn;
        }
    }

    /// <summary>Its events are read; the log has them.</summary>
    public void LeaveWork(TenantFlow flow)
    {
        lock (_gate)
        {
            _running--;
            flow.Running--;
            Line(flow);
            Dispatch();
        }
    }

    /// <summary>The log is done with it.</summary>
    /// <param name="bytes">What it has.</param>
    public void LeaveLog(long bytes)
    {
        lock (_gate)
        {
            _inLog -= bytes + Overhead;
            Dispatch();
        }
    }

    /// <summary>An append has ended.</summary>
    public void Appended(TimeSpan took)
    {
        lock (_gate) log.Observe(took, Now());
    }

    private static async Task AwaitAsync(Turn turn, CancellationToken cancellationToken)
    {
        await using var leaving = cancellationToken.Register(static (state, token) => ((Turn)state!).TryLeave(token), turn);
        await turn.Granted;
    }

    private void Dispatch()
    {
        while (_line.TryPeek(out var flow, out _))
        {
            var turn = flow.Waiting.Peek();
            if (turn.Granted.IsCompleted)
            {
                Take(flow); // It has gone.
                continue;
            }

            if (_running == slots) break;
            // Whose turn is due in virtual time has had no more than its share: it need not wait until the log is done with what the others have sent.
            var due = turn.Start <= _virtualTime;
            if (_inLog > 0 && _inLog + turn.Bytes > (due ? log.Bytes + (log.Bytes / Reserve) : log.Bytes))
            {
                log.Wanted();
                break;
            }

            if (!due && !HasTokens()) break;
            Take(flow);
            _virtualTime = Math.Max(_virtualTime, turn.Start);
            if (!turn.TryGrant()) continue;
            _running++;
            flow.Running++;
            _inLog += turn.Bytes;
            _served += turn.Bytes;
            _tokens -= turn.Bytes;
            _rate.Served(turn.Bytes, Now());
            if (flow.Running == _perTenant && flow.InLine) Unline(flow);
        }

        _rate.SetBusy(_waiting > 0, Now());
    }

    private bool HasTokens()
    {
        if (_pace is not { } pace) return true;
        var now = Now();
        _tokens = Math.Min(_tokens + ((now - _tokensAt) * pace), pace * Burst);
        _tokensAt = now;
        return _tokens > 0;
    }

    /// <summary>Takes the first of a tenant out, and lets it stand in line for its next.</summary>
    private void Take(TenantFlow flow)
    {
        _line.Dequeue();
        flow.InLine = false;
        var turn = flow.Waiting.Dequeue();
        _waiting--;
        AddPending(flow, -turn.Bytes);
        Line(flow);
    }

    private void Line(TenantFlow flow)
    {
        if (flow.InLine || flow.Waiting.Count == 0 || flow.Running >= _perTenant) return;
        var next = flow.Waiting.Peek();
        _line.Enqueue(flow, (next.Start, next.Order));
        flow.InLine = true;
    }

    private void Unline(TenantFlow flow)
    {
        _line.Remove(flow, out _, out _);
        flow.InLine = false;
    }

    private void AddPending(TenantFlow flow, long bytes)
    {
        var before = flow.Pending;
        flow.Pending += bytes;
        _pending += bytes;
        if (before == 0 && flow.Pending > 0) _active++;
        else if (before > 0 && flow.Pending == 0) _active--;
    }

    /// <summary>How long a tenant's share of what can be done needs for some bytes; unset while nobody waits, or that is not known.</summary>
    private double? SecondsFor(long bytes) => _waiting > 0 && _rate.At(Now()) is { } rate ? bytes * (double)Math.Max(1, _active) / rate : null;

    private double HeadAge(TenantFlow flow)
    {
        foreach (var turn in flow.Waiting)
        {
            if (!turn.Granted.IsCompleted) return time.GetElapsedTime(turn.Since).TotalSeconds;
        }

        return 0;
    }

    private double Now() => time.GetElapsedTime(0).TotalSeconds;
}

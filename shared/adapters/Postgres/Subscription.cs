namespace Millrace.Adapters.Postgres;

/// <summary>What waits for one reader: at most <see cref="Capacity"/> notifications; when there are more they become one that says that some were missed.</summary>
internal sealed class Subscription(string channel, Action<Subscription> remove) : IDisposable
{
    /// <summary>Stands for notifications that may have been missed.</summary>
    public const string Missed = "";

    /// <summary>Notifications that wait for the reader at most.</summary>
    public const int Capacity = 1000;

    private readonly Lock _gate = new();
    private readonly Queue<string> _waiting = new();
    private readonly SemaphoreSlim _some = new(0, 1);

    public string Channel { get; } = channel;

    public void Put(string content)
    {
        lock (_gate)
        {
            if (_waiting.Count >= Capacity)
            {
                _waiting.Clear();
                content = Missed;
            }

            _waiting.Enqueue(content);
            if (_some.CurrentCount == 0)
                _some.Release();
        }
    }

    public async Task<string> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_waiting.TryDequeue(out var content))
                    return content;
            }

            await _some.WaitAsync(cancellationToken);
        }
    }

    public void Dispose() => remove(this);
}

namespace Millrace.Archiver.Pipeline;

/// <summary>
/// The right to touch the lanes. The reader has it but while it waits; the log's callbacks, which may come from another thread when the reader does not come
/// back soon, take it meanwhile.
/// </summary>
internal sealed class Turn : IDisposable
{
    private readonly SemaphoreSlim _gate;

    private Turn(SemaphoreSlim gate) => _gate = gate;

    /// <summary>Waits for it.</summary>
    public static async ValueTask<Turn> TakeAsync(SemaphoreSlim gate, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        return new Turn(gate);
    }

    /// <summary>Lets others have it while something is waited for.</summary>
    public async Task YieldAsync(Func<Task> wait)
    {
        _gate.Release();
        try
        {
            await wait();
        }
        finally
        {
            await _gate.WaitAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Release();
}

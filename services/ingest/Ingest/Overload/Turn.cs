namespace Millrace.Ingest.Overload;

/// <summary>A request that waits for its turn.</summary>
/// <param name="bytes">Size of its body.</param>
/// <param name="start">Virtual time at which it is due.</param>
/// <param name="order">Breaks ties: who came first.</param>
/// <param name="since">When it began to wait, a time stamp.</param>
internal sealed class Turn(long bytes, long start, long order, long since)
{
    private readonly TaskCompletionSource _granted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Bytes => bytes;

    public long Start => start;

    public long Order => order;

    public long Since => since;

    /// <summary>Completes when it is its turn; fails when the client has gone.</summary>
    public Task Granted => _granted.Task;

    /// <summary>Gives it its turn, unless it has gone.</summary>
    public bool TryGrant() => _granted.TrySetResult();

    /// <summary>It goes, unless it has had its turn.</summary>
    public bool TryLeave(CancellationToken cancellationToken) => _granted.TrySetCanceled(cancellationToken);
}

namespace Millrace.Archiver.Progress;

/// <summary>
/// Says whether a lane is still the caller's, right before something is sent that must not come late. ClickHouse drops a repeated insert only while it remembers the
/// token: whoever was away for longer must ask again, and finds out that the lane has gone.
/// </summary>
/// <param name="verify">Asks; throws where it is another's.</param>
/// <param name="what">What is owned, for messages.</param>
/// <param name="time">The clock.</param>
internal sealed class Ownership(Func<CancellationToken, Task> verify, string what, TimeProvider time)
{
    /// <summary>Of a lane.</summary>
    public Ownership(LaneClaim claim, ProgressStore progress, TimeProvider time)
        : this(token => progress.VerifyAsync(claim, token), $"{claim.Id.Topic}/{claim.Id.Partition}", time)
    {
    }

    /// <summary>
    /// How old a confirmation may be when what it is for is sent. ClickHouse remembers 10,000 inserts; a minute of the fastest archivers is a few hundred.
    /// </summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(1);

    private long _askedAt;

    /// <summary>Asks the metadata database.</summary>
    /// <exception cref="LaneLostException">Another instance has taken the lane over.</exception>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        await verify(cancellationToken);
        Volatile.Write(ref _askedAt, asked);
    }

    /// <summary>Makes sure that not much time has passed since.</summary>
    /// <exception cref="TimeoutException">It has: the process stood still meanwhile. What was to be sent is not, and may be tried again.</exception>
    public void ThrowIfStale()
    {
        var age = time.GetElapsedTime(Volatile.Read(ref _askedAt));
        if (age > GoodFor) throw new TimeoutException($"This process stood still for {age.TotalSeconds:0} s between asking whether {what} is its own and writing.");
    }
}

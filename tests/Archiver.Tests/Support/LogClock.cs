namespace Millrace.Archiver.Tests.Support;

/// <summary>The log's clock: it stands where it is put, while timers run.</summary>
/// <param name="nowMs">Milliseconds since 1970.</param>
internal sealed class LogClock(long nowMs) : TimeProvider
{
    /// <summary>Milliseconds since 1970.</summary>
    public long NowMs { get; set; } = nowMs;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(NowMs);
}

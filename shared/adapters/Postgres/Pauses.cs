namespace Millrace.Adapters.Postgres;

/// <summary>Pauses between attempts: doubling up to a quarter of a second, with full jitter, so that those that met once do not meet again.</summary>
internal static class Pauses
{
    private const double First = 4;
    private const double Longest = 250;

    public static TimeSpan After(int attempt)
    {
        var ceiling = Math.Min(First * Math.Pow(2, Math.Min(attempt - 1, 16)), Longest);
#pragma warning disable CA5394 // Jitter is no secret.
        return TimeSpan.FromMilliseconds(ceiling * Random.Shared.NextDouble());
#pragma warning restore CA5394
    }
}

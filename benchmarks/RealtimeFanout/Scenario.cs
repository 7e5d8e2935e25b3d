namespace Millrace.RealtimeFanout;

/// <summary>How many listen to how many channels, and how often each of these speaks.</summary>
/// <param name="Name">Short name, for the command line.</param>
/// <param name="Sockets">Connected clients; each listens to one channel.</param>
/// <param name="Channels">Channels, of which each has equally many.</param>
/// <param name="Publications">Publications a second, on all channels together, at even intervals and on one channel after the other.</param>
internal sealed record Scenario(string Name, int Sockets, int Channels, double Publications)
{
    /// <summary>Deliveries a second of every scenario.</summary>
    public const int Deliveries = 50_000;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } = [Of("1k/1", 1_000, 1), Of("10k/100", 10_000, 100), Of("10k/1", 10_000, 1)];

    /// <summary>Who listens to a channel.</summary>
    public int Subscribers => Sockets / Channels;

    private static Scenario Of(string name, int sockets, int channels) => new(name, sockets, channels, (double)Deliveries * channels / sockets);
}

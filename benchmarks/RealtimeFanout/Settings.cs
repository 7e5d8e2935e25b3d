using System.Globalization;

namespace Millrace.RealtimeFanout;

/// <summary>The command line.</summary>
internal sealed record Settings(string Gateway)
{
    public const string Help = """
        usage: ./millrace bench fanout [options]
        Sends 50,000 messages of 150 bytes a second to connected WebSocket clients: to 1,000 on one channel, to 10,000 on 100 channels and to 10,000 on one. The server
        (the gateway; a program that does nothing but send, as the floor; nginx with nchan where installed) runs on the first processor, the load on the second. Reports
        processor time (user and system) of the server for each million deliveries, latency from the intended time of each publication, and memory a connection.
          --rounds N        rounds; the servers take turns in each    (default 5)
          --seconds N       how long each is measured                 (default 10)
          --scenarios LIST  of 1k/1,10k/100,10k/1                     (default all)
          --servers LIST    of millrace,nchan,floor                   (default all that are there)
          --with-peers      first install Debian's nginx-light and libnginx-mod-nchan; needs root
          --json FILE       write the figures there, too
        Takes about half a minute for each server, scenario and round. Exit code: 0 when every message arrived everywhere, 1 otherwise.
        """;

    public int Rounds { get; init; } = 5;

    public int Seconds { get; init; } = 10;

    /// <summary>Names of the servers.</summary>
    public static IReadOnlyList<string> AllServers { get; } = ["millrace", "nchan", "floor"];

    public IReadOnlyList<Scenario> Scenarios { get; init; } = Scenario.All;

    /// <summary><see langword="null"/> for all that are there.</summary>
    public IReadOnlyList<string>? Servers { get; init; }

    public string? Json { get; init; }

    public static Settings? Parse(string[] args)
    {
        var settings = new Settings("");
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = args[i + 1];
            switch (args[i])
            {
                case "--gateway": settings = settings with { Gateway = Path.GetFullPath(value) }; break;
                case "--rounds" when int.TryParse(value, CultureInfo.InvariantCulture, out var rounds) && rounds > 0: settings = settings with { Rounds = rounds }; break;
                case "--seconds" when int.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds > 0: settings = settings with { Seconds = seconds }; break;
                case "--scenarios" when value.Split(',') is var names && names.All(name => Scenario.All.Any(one => one.Name == name)):
                    settings = settings with { Scenarios = [.. Scenario.All.Where(one => names.Contains(one.Name))] };
                    break;
                case "--servers" when value.Split(',') is var servers && servers.All(AllServers.Contains): settings = settings with { Servers = servers }; break;
                case "--json": settings = settings with { Json = value }; break;
                default: return null;
            }
        }

        return args.Length % 2 == 0 && File.Exists(settings.Gateway) ? settings : null;
    }
}

using System.Globalization;

namespace Millrace.Benchmarks.Overload;

/// <summary>The command line.</summary>
internal sealed record Settings(string Program, int Seconds, int Quiet, double Factor, bool Divided, string? Json)
{
    public const string Help = """
        usage: ./millrace bench overload [options]
        Starts a Millrace of its own in a temporary directory, measures what it can sustain, then sends a multiple of that as one noisy tenant beside
        quiet ones, and reports memory, answers, latencies, incidents and whether all that was accepted is in ledger and ClickHouse.
          --seconds N    how long the overload lasts               (default 30)
          --quiet N      quiet tenants                             (default 10)
          --factor X     noisy load over the sustainable one       (default 3)
          --divided yes  Millrace on one half of the processors, the senders on the other (needs taskset)
          --json FILE    write the figures there, too
        Exit code: 0 when everything accepted is there once and no quiet request was refused, 1 otherwise.
        """;

    public static Settings? Parse(string[] args)
    {
        var settings = new Settings("", 30, 10, 3, false, null);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = args[i + 1];
            switch (args[i])
            {
                case "--program": settings = settings with { Program = value }; break;
                case "--seconds" when int.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds > 0: settings = settings with { Seconds = seconds }; break;
                case "--quiet" when int.TryParse(value, CultureInfo.InvariantCulture, out var quiet) && quiet > 0: settings = settings with { Quiet = quiet }; break;
                case "--factor" when double.TryParse(value, CultureInfo.InvariantCulture, out var factor) && factor > 0: settings = settings with { Factor = factor }; break;
                case "--divided" when value is "yes" or "no": settings = settings with { Divided = value == "yes" }; break;
                case "--json": settings = settings with { Json = value }; break;
                default: return null;
            }
        }

        return args.Length % 2 == 0 && File.Exists(settings.Program) ? settings : null;
    }
}

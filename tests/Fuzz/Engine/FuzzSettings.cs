using System.Globalization;

namespace Millrace.Fuzz.Engine;

/// <summary>What the command line asks for.</summary>
internal sealed record FuzzSettings
{
    /// <summary>Shown by <c>--help</c>.</summary>
    public const string Help = """
        Throws generated and mutated inputs at every parser and checks what must hold whatever the input is.

        usage: ./millrace fuzz [TARGET…] [options]

          TARGET…        parsers to try (default: all); --list names them
          --inputs N     inputs for each target             (default 100000; dear targets take a part of it)
          --seconds N    stop after so many seconds in all  (default: no limit)
          --seed S       first number of the generator      (default 1); the same seed makes the same inputs
          --workers N    threads                            (default 1)
          --repeat S:I   try the one input that a finding names, of one target
          --input FILE   try the bytes of a file on one target
          --save DIR     where inputs with findings go      (default ./artifacts/fuzz)

        Ends with 0 when nothing was found, 1 when something was, 2 for a wrong command line, 3 when an input hangs.
        """;

    public IReadOnlyList<string> Targets { get; private set; } = [];

    public long Inputs { get; private set; } = 100_000;

    public TimeSpan? Time { get; private set; }

    public long Seed { get; private set; } = 1;

    public int Workers { get; private set; } = 1;

    public long? Repeat { get; private set; }

    public string? Input { get; private set; }

    public string Folder { get; private set; } = Path.Combine("artifacts", "fuzz");

    public bool List { get; private set; }

    public bool ShowHelp { get; private set; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">It is wrong.</exception>
    public static FuzzSettings Parse(string[] arguments)
    {
        var settings = new FuzzSettings();
        var targets = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var option = arguments[i];
            switch (option)
            {
                case "--list": settings.List = true; break;
                case "--help" or "-h": settings.ShowHelp = true; break;
                case "--inputs": settings.Inputs = Number(option, Next(), 1); break;
                case "--seconds": settings.Time = TimeSpan.FromSeconds(Number(option, Next(), 1)); break;
                case "--seed": settings.Seed = Number(option, Next(), 0); break;
                case "--workers": settings.Workers = (int)Math.Min(Number(option, Next(), 1), 256); break;
                case "--save": settings.Folder = Next(); break;
                case "--input": settings.Input = Next(); break;
                case "--repeat": settings.SetRepeat(Next()); break;
                default: targets.Add(Known(option)); break;
            }

            string Next() => ++i < arguments.Length ? arguments[i] : throw new UsageException($"{option} needs a value");
        }

        settings.Targets = targets.Count > 0 ? targets : [.. TargetList.Names];
        if ((settings.Repeat ?? (settings.Input is null ? null : 0)) is not null && targets.Count != 1) throw new UsageException("--repeat and --input take one target");
        return settings;
    }

    private void SetRepeat(string position)
    {
        var parts = position.Split(':');
        if (parts.Length != 2) throw new UsageException("--repeat takes seed:index, as a finding prints it");
        Seed = Number("--repeat", parts[0], 0);
        Repeat = Number("--repeat", parts[1], 0);
    }

    private static string Known(string name) => TargetList.Names.Contains(name)
        ? name
        : throw new UsageException($"there is no option or target '{name}'; targets are {string.Join(", ", TargetList.Names)}");

    private static long Number(string option, string text, long least) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least
            ? value
            : throw new UsageException($"{option} takes a whole number from {least} on, not '{text}'");
}

/// <summary>The command line is wrong.</summary>
internal sealed class UsageException(string message) : Exception(message);

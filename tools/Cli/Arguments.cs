using System.Globalization;

namespace Millrace.Cli;

/// <summary>Reads <c>--name value</c> pairs and remembers which were asked for, so that a misspelt one is an error.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public Arguments(ReadOnlySpan<string> arguments)
    {
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal)) throw new UsageException($"'{arguments[i]}' is no option");
            if (i + 1 == arguments.Length) throw new UsageException($"{arguments[i]} needs a value");
            _given[arguments[i][2..]] = arguments[i + 1];
        }
    }

    public string? Text(string name)
    {
        _known.Add(name);
        return _given.GetValueOrDefault(name);
    }

    public int Number(string name, int otherwise, int least, int most)
    {
        if (Text(name) is not { } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new UsageException($"--{name} takes a whole number from {least} to {most}, not '{text}'");
    }

    /// <summary>A span such as <c>90s</c>, <c>15m</c>, <c>1h</c> or <c>30d</c>.</summary>
    public TimeSpan Span(string name, TimeSpan otherwise)
    {
        if (Text(name) is not { } text) return otherwise;
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            switch (text[^1])
            {
                case 's': return TimeSpan.FromSeconds(value);
                case 'm': return TimeSpan.FromMinutes(value);
                case 'h': return TimeSpan.FromHours(value);
                case 'd': return TimeSpan.FromDays(value);
            }
        }

        throw new UsageException($"--{name} takes a span such as 90s, 15m, 1h or 30d, not '{text}'");
    }

    /// <summary>Call when all options have been asked for.</summary>
    public void RefuseUnknown()
    {
        foreach (var name in _given.Keys)
        {
            if (!_known.Contains(name)) throw new UsageException($"there is no option --{name}; the options are --{string.Join(", --", _known)}");
        }
    }
}

/// <summary>The command line is wrong: one line on standard error, exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

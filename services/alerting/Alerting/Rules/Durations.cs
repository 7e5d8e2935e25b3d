using System.Globalization;
using System.Text;

namespace Millrace.Alerting.Rules;

/// <summary>
/// Durations as Prometheus writes them: whole numbers with the units <c>y w d h m s ms</c>, the larger first, each at most once, such as
/// <c>3s</c>, <c>1m30s</c>, <c>500ms</c>; <c>0</c> needs no unit. A day has 24 hours, a year 365 days.
/// </summary>
internal static class Durations
{
    /// <summary>The rule, for messages.</summary>
    public const string Rule = "a duration such as 500ms, 3s, 1m30s or 2h";

    private static readonly (string Unit, long Milliseconds)[] Units =
    [
        ("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ];

    /// <summary>Reads a duration of at most ten years.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text) || text.Length > 40) return false;
        if (text == "0") return true;
        long total = 0;
        var next = 0;
        for (var at = 0; at < text.Length;)
        {
            var digits = at;
            while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
            var letters = at;
            while (at < text.Length && char.IsAsciiLetterLower(text[at])) at++;
            if (!long.TryParse(text.AsSpan(digits, letters - digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
            var unit = text[letters..at];
            var index = Array.FindIndex(Units, next, candidate => candidate.Unit == unit);
            if (index < 0 || number > 10 * Units[0].Milliseconds / Units[index].Milliseconds) return false;
            total += number * Units[index].Milliseconds;
            next = index + 1;
        }
        if (total > 10 * Units[0].Milliseconds) return false;
        duration = TimeSpan.FromMilliseconds(total);
        return true;
    }

    /// <summary>Writes a duration in whole milliseconds in its shortest form.</summary>
    public static string Format(TimeSpan duration)
    {
        var rest = (long)duration.TotalMilliseconds;
        if (rest == 0) return "0s";
        var text = new StringBuilder();
        foreach (var (unit, milliseconds) in Units)
        {
            if (rest < milliseconds) continue;
            text.Append(rest / milliseconds).Append(unit);
            rest %= milliseconds;
        }
        return text.ToString();
    }
}

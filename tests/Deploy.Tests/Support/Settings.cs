using System.Text.RegularExpressions;

namespace Millrace.Deploy.Tests.Support;

/// <summary>Every setting that docs/configuration.md names, which another test keeps equal to the options in the code.</summary>
internal static partial class Settings
{
    private static readonly Regex[] Known =
    [
        .. Row().Matches(Repository.Read("docs/configuration.md")).Select(match => Pattern(match.Groups["path"].Value)),
        .. new[] { "EventLog", "Metadata", "Objects", "ClickHouse", "Notifications" }.Select(port => Pattern("Millrace:Adapters:" + port)),
    ];

    /// <summary>Whether an environment variable is a setting.</summary>
    public static bool IsKnown(string variable)
    {
        var path = variable.Replace("__", ":", StringComparison.Ordinal);
        return Known.Any(pattern => pattern.IsMatch(path));
    }

    /// <summary>Whether an environment variable is meant for Millrace.</summary>
    public static bool IsOurs(string variable) => variable.StartsWith("Millrace", StringComparison.OrdinalIgnoreCase);

    private static Regex Pattern(string path) => new(
        "^" + Regex.Escape(path).Replace("<name>", "[^:]+", StringComparison.Ordinal).Replace("<n>", "[0-9]+", StringComparison.Ordinal) + "$",
        RegexOptions.CultureInvariant);

    [GeneratedRegex(@"^\| `(?<path>Millrace:[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}

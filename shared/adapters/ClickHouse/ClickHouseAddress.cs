using System.Text;
using System.Text.RegularExpressions;

namespace Millrace.Adapters.ClickHouse;

/// <summary>Builds the address of a request: settings and parameters travel in its query.</summary>
internal sealed class ClickHouseAddress(Uri server)
{
    private static readonly Dictionary<string, string> _none = [];
    private readonly StringBuilder _text = new(new Uri(server, "/").AbsoluteUri);
    private bool _any;

    public Uri Uri => new(_text.ToString());

    public ClickHouseAddress Add(string name, string value)
    {
        _text.Append(_any ? '&' : '?').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        _any = true;
        return this;
    }

    /// <summary>Adds settings.</summary>
    public ClickHouseAddress AddSettings(IReadOnlyDictionary<string, string>? settings)
    {
        foreach (var (name, value) in settings ?? _none) Add(name, value);
        return this;
    }

    /// <summary>
    /// Adds the values of a statement's parameters. ClickHouse reads a plain value in its TSV form, so it is escaped; a literal of an array, tuple or map
    /// it reads as it stands.
    /// </summary>
    public ClickHouseAddress AddParameters(string sql, IReadOnlyDictionary<string, string>? parameters)
    {
        foreach (var (name, value) in parameters ?? _none) Add("param_" + name, IsComposite(sql, name) ? value : Escape(value));
        return this;
    }

    private static bool IsComposite(string sql, string name) =>
        Regex.IsMatch(sql, $@"\{{\s*{Regex.Escape(name)}\s*:\s*(Array|Tuple|Map|Nested)\s*\(", RegexOptions.CultureInvariant);

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);
}

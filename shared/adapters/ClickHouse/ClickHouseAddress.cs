using System.Text;

namespace Millrace.Adapters.ClickHouse;

/// <summary>Builds the address of a request: settings and parameters travel in its query.</summary>
internal sealed class ClickHouseAddress(Uri server)
{
    private readonly StringBuilder _text = new(new Uri(server, "/").AbsoluteUri);
    private bool _any;

    public Uri Uri => new(_text.ToString());

    public ClickHouseAddress Add(string name, string value)
    {
        _text.Append(_any ? '&' : '?').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        _any = true;
        return this;
    }

    /// <summary>Adds all of them with a prefix before each name. Values of parameters are escaped once more, as ClickHouse reads them in its TSV form.</summary>
    public ClickHouseAddress AddAll(string prefix, IReadOnlyDictionary<string, string>? values)
    {
        foreach (var (name, value) in values ?? new Dictionary<string, string>()) Add(prefix + name, prefix.Length == 0 ? value : Escape(value));
        return this;
    }

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal);
}

using System.Text;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>Writes a SET statement.</summary>
internal static class SettingsStatement
{
    /// <summary>Whether a text is the name of a setting: letters, digits, underscores, dots.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= 128 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');

    /// <summary>The statement that sets all of them, values as text, which ClickHouse parses as the setting's type demands.</summary>
    public static string Of(IEnumerable<KeyValuePair<string, string>> settings)
    {
        var sql = new StringBuilder("SET ");
        var first = true;
        foreach (var (name, value) in settings)
        {
            if (!IsName(name)) throw new ArgumentException($"No name of a setting: {name}", nameof(settings));
            if (!first) sql.Append(", ");
            first = false;
            sql.Append(name).Append(" = ").Append(Quote(value));
        }
        return sql.ToString();
    }

    /// <summary>A text as a literal of ClickHouse's SQL.</summary>
    public static string Quote(string text) => $"'{text.Replace("\\", "\\\\").Replace("'", "\\'")}'";

    /// <summary>A name as a quoted identifier of ClickHouse's SQL.</summary>
    public static string QuoteIdentifier(string name) => $"`{name.Replace("\\", "\\\\").Replace("`", "\\`")}`";
}

namespace Millrace.Archiver.ClickHouse;

/// <summary>Texts and names in ClickHouse's SQL.</summary>
internal static class Sql
{
    /// <summary>A text as a literal.</summary>
    public static string Text(string text) => $"'{Escape(text).Replace("'", "\\'", StringComparison.Ordinal)}'";

    /// <summary>A name as a quoted identifier.</summary>
    public static string Name(string name) => $"`{Escape(name).Replace("`", "\\`", StringComparison.Ordinal)}`";

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal);
}

using System.Text.RegularExpressions;
using Millrace.ClickHouse.Embedded.Engine;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>
/// Judges the syntax tree of a SELECT, as the engine's parser gives it. Every line is judged alone and must be known to be harmless; no line ever makes another
/// one allowed. That matters because names are written into the tree as they are: one with a line break can add lines, but it can take none away.
/// </summary>
internal static partial class AstGate
{
    /// <summary>Judges a tree.</summary>
    /// <exception cref="Native.ChdbException">Something in it is not allowed.</exception>
    public static void Check(string tree)
    {
        foreach (var line in tree.AsSpan().EnumerateLines())
        {
            var node = line.TrimStart(' ');
            if (!node.IsEmpty) CheckNode(node.ToString());
        }
    }

    private static void CheckNode(string node)
    {
        if (PlainNode().IsMatch(node) || node.StartsWith("Literal ", StringComparison.Ordinal)) return;
        if (node.StartsWith("Function ", StringComparison.Ordinal)) CheckFunction(NameOf(node, "Function "));
        else if (node.StartsWith("TableIdentifier ", StringComparison.Ordinal)) CheckTable(NameOf(node, "TableIdentifier "));
        else if (node.StartsWith("Identifier ", StringComparison.Ordinal)) CheckIdentifier(NameOf(node, "Identifier "));
        else if (node == "Set") throw GateRefusal.Of("A SETTINGS clause is allowed at the end of the statement only.");
        else if (node.StartsWith("ColumnsApplyTransformer", StringComparison.Ordinal)) throw GateRefusal.Of("APPLY is not allowed.");
        else throw GateRefusal.Of($"'{node.Split(' ')[0]}' is not allowed in a statement.");
    }

    private static void CheckFunction(string name)
    {
        if (!Word().IsMatch(name) || !FunctionAllowList.Allows(name))
            throw GateRefusal.Of($"The function '{name}' is not allowed: functions that read files, tables, settings or the network, or that wait, are refused.");
    }

    private static void CheckTable(string name)
    {
        if (!IsTable(name)) throw GateRefusal.Of($"The table '{name}' is not allowed.");
    }

    /// <summary>
    /// A name of one part is a table of the tenant's current database, on which its role decides, or the name of a subquery.
    /// </summary>
    private static bool IsTable(string name)
    {
        var parts = name.Split('.');
        return parts.Length switch
        {
            1 => Word().IsMatch(name),
            2 when parts[0] == TenantTables.Database => TenantTables.Tables.Contains(parts[1]),
            2 when parts[0] == TenantTables.MetadataDatabase => MetadataViews.ByTable.Values.Contains(parts[1]),
            2 when parts[0] == "system" => TenantTables.HarmlessSystemTables.Contains(parts[1]),
            _ => false,
        };
    }

    /// <summary>
    /// What stands right of IN is an identifier in the tree even where it names a table, so no identifier may begin with another database's name. Columns that are
    /// written with their table's full name begin with one of the allowed tables.
    /// </summary>
    private static void CheckIdentifier(string name)
    {
        var parts = name.Split('.');
        if (parts.Length == 1 || !ForeignDatabase().IsMatch(parts[0])) return;
        if (!IsTable($"{parts[0]}.{parts[1]}")) throw GateRefusal.Of($"The name '{name}' is not allowed.");
    }

    /// <summary>The name, without the alias and the number of children that may follow. A name that itself holds such text is cut, and then does not exist.</summary>
    private static string NameOf(string node, string prefix)
    {
        var name = node[prefix.Length..];
        var alias = name.IndexOf(" (alias ", StringComparison.Ordinal);
        if (alias >= 0) name = name[..alias];
        var children = name.IndexOf(" (children ", StringComparison.Ordinal);
        return children >= 0 ? name[..children] : name;
    }

    [GeneratedRegex(@"^(SelectWithUnionQuery|SelectIntersectExceptQuery|SelectQuery|ExpressionList|WithElement|Subquery|TablesInSelectQuery|TablesInSelectQueryElement"
        + @"|TableExpression|TableJoin|ArrayJoin|OrderByElement|WindowDefinition|WindowListElement|Asterisk|QualifiedAsterisk|ColumnsRegexpMatcher|ColumnsListMatcher"
        + @"|QualifiedColumnsRegexpMatcher|QualifiedColumnsListMatcher|ColumnsTransformerList|ColumnsExceptTransformer|ColumnsReplaceTransformer"
        + @"|ColumnsReplaceTransformer::Replacement|SampleRatio [0-9 /]+|InterpolateElement \(column [A-Za-z0-9_]+\))( \(alias [^\n]*\))?( \(children [0-9]+\))?$",
        RegexOptions.CultureInvariant)]
    private static partial Regex PlainNode();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"^(system|information_schema|default|tenant_system|_temporary_and_external_tables)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex ForeignDatabase();
}

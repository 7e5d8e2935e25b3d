using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>Asks the session in which the statement is to run.</summary>
internal sealed class EngineAnalyzer(ChdbConnection connection) : IStatementAnalyzer
{
    public (int Statements, StatementClass Class) Classify(string sql) => connection.Classify(sql);

    public string ExplainAst(string sql, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        // The line break keeps the statement's first word apart from EXPLAIN's own options.
        using var tree = connection.Query($"EXPLAIN AST\n{sql}", parameters: parameters);
        return tree.Text;
    }
}

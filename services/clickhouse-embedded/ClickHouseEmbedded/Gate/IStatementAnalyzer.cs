using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>What the gate asks of the engine's parser about a text, without running it.</summary>
internal interface IStatementAnalyzer
{
    /// <summary>How many statements it is (0: it does not parse) and what they do.</summary>
    (int Statements, StatementClass Class) Classify(string sql);

    /// <summary>Its syntax tree, a node a line, as <c>EXPLAIN AST</c> writes it, with the parameters put in.</summary>
    /// <exception cref="ChdbException">It does not parse, or a parameter has no value.</exception>
    string ExplainAst(string sql, IReadOnlyList<KeyValuePair<string, string>> parameters);
}

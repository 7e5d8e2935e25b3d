using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>
/// Decides whether a tenant's statement runs. It stands before two more barriers, which hold without it: the session's role and row policies, and the process,
/// which has nothing but its data. What the gate is for is all that ClickHouse lets any session do: read files, system tables, settings.
/// </summary>
internal static class TenantGate
{
    /// <summary>Judges a statement in the session in which it will run.</summary>
    /// <exception cref="ChdbException">It is refused, or does not parse.</exception>
    public static void Check(IStatementAnalyzer analyzer, TenantStatement statement, IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        if (statement.IsMetadata) return;
        var (statements, what) = analyzer.Classify(statement.Core);
        if (statements > 1) throw ChdbException.Of(ServerError.SyntaxError, "Syntax error (Multi-statements are not allowed)");
        if (!IsSelect(statement.Core)) throw GateRefusal.Of("The statement is no SELECT.");
        if (statements == 1 && what != StatementClass.ReadOnly) throw GateRefusal.Of("The statement is no query.");
        // What does not parse is explained by the parser itself: EXPLAIN fails with its message.
        var tree = analyzer.ExplainAst(statement.Core, parameters);
        if (statements != 1) throw ChdbException.Of(ServerError.SyntaxError, "Syntax error: the statement is incomplete.");
        AstGate.Check(tree);
    }

    private static bool IsSelect(string sql)
    {
        var lexer = new Lexer(sql);
        while (lexer.TryRead(out var token))
        {
            if (!token.Is(sql, '(')) return token.Is(sql, "SELECT") || token.Is(sql, "WITH") || token.Is(sql, "FROM");
        }
        return false;
    }
}

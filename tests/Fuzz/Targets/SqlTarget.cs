using System.Text;
using Millrace.ClickHouse.Embedded.Gate;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Sql;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// What the embedded ClickHouse does with a tenant's statement before the engine sees it: tokens, the split at FORMAT and SETTINGS, the rewriting of
/// metadata. It ends, in time that grows with the length alone, and takes nothing but what belongs to the clauses from the statement.
/// </summary>
internal sealed class SqlTarget : Target
{
    private static readonly string[] Words =
    [
        "SELECT", "FROM", "events", "WHERE", "count()", "FORMAT", "JSON", "SETTINGS", "max_threads = 1", "readonly=0", "INTO", "OUTFILE", "'x'", "`a`", "\"b\"", "--", "/*", "*/", "#", "//", ";",
        "$a$", "$$", "(", ")", "[", "]", "{", "}", ",", ".", "=", "''", "\\'", "UNION ALL", "WITH", "AS", "system.tables", "SHOW TABLES", "DESCRIBE", "EXISTS TABLE", "LIKE", "information_schema.columns",
        "INSERT INTO", "VALUES", "file('/etc/passwd')", "url", "remote", "\u2018", "\u2019", "\u201C", "\u201D", "\u00a0", "\u200b", "\ufeff", "\u2028", "ＳＥＬＥＣＴ", "1e5", "0x1F", "-", "+", "\n", "\t", "\0", "ORDER BY format DESC",
    ];

    private static readonly byte[][] _words = [.. Words.Select(Encoding.UTF8.GetBytes)];

    private string _sql = "";
    private TenantStatement? _statement;

    public override string Name => "sql";

    /// <summary>A token for each character at worst, read again by each of the rules.</summary>
    public override long AllocationFactor => 256;

    public override byte[] Make(Source source)
    {
        var sql = new StringBuilder(source.Once(2) ? "SELECT count() FROM events" : "");
        for (var count = source.Below(source.Once(20) ? 400 : 14); count > 0; count--) sql.Append(source.Once(6) ? "" : " ").Append(source.Of(Words));
        if (source.Once(4)) sql.Append(" FORMAT ").Append(source.Of(["JSON", "CSV", "`TSV`", "x;"]));
        if (source.Once(4)) sql.Append(" SETTINGS ").Append(source.Of(["max_threads = 1", "a = 'b', c = -1.5", "x = (1)", "readonly = 0", "a='\\''"]));
        var bytes = Encoding.UTF8.GetBytes(sql.ToString());
        return source.Once(3) ? Mutator.Damage(bytes, source, _words) : bytes;
    }

    public override bool Parse(byte[] input)
    {
        _sql = Encoding.UTF8.GetString(input);
        _statement = null;
        InsertHead.Find(_sql);
        try
        {
            _statement = TenantStatement.Parse(_sql);
            return true;
        }
        catch (ChdbException)
        {
            return false;
        }
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (Lexer.ReadAll(_sql) is { } tokens)
        {
            var end = 0;
            foreach (var token in tokens)
            {
                Require.That(token.Start >= end && token.Length > 0 && token.End <= _sql.Length, "tokens overlap or leave the statement");
                end = token.End;
            }
        }

        if (_statement is not { } statement) return;
        Require.That(!SettingsClause.IsIn(statement.Core), "a SETTINGS clause is left in the statement");
        if (!statement.IsMetadata && !_sql.Contains("system", StringComparison.OrdinalIgnoreCase) && !_sql.Contains("information_schema", StringComparison.OrdinalIgnoreCase))
            Require.That(_sql.Contains(statement.Core, StringComparison.Ordinal), "the statement is not a part of what was sent");
        if (statement.IsMetadata) Require.That(statement.Core.StartsWith("SHOW ", StringComparison.Ordinal) || statement.Core.StartsWith("SELECT name FROM ", StringComparison.Ordinal) || statement.Core.StartsWith("DESCRIBE TABLE ", StringComparison.Ordinal) || statement.Core.StartsWith("EXISTS TABLE ", StringComparison.Ordinal), "metadata by another statement");
        try
        {
            TenantSettings.Admit(statement.Settings, new ClickHouse.Embedded.Engine.TenantLimits());
        }
        catch (ChdbException)
        {
            // Refused, as it may be.
        }
    }
}

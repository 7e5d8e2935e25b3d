using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Tests.Sql;

/// <summary>Finding the parts of a statement in its text.</summary>
public sealed class StatementTextTests
{
    [Theory]
    [InlineData("SELECT 1", "SELECT|1")]
    [InlineData("a/*b/*c*/d*/e--f\ng#!h\ni# j\nk//l\nm", "a|e|g|i|k|m")]
    [InlineData("'it''s' 'a\\'b' `x``y` \"z\\\"w\"", "'it''s'|'a\\'b'|`x``y`|\"z\\\"w\"")]
    [InlineData("$tag$ ' ; $x$ $tag$ $$y$$ a$b $c", "$tag$ ' ; $x$ $tag$|$$y$$|a$b|$c")]
    [InlineData("‘a b’ “c d”", "‘a b’|“c d”")]
    [InlineData("f(x,-1.5)::T", "f|(|x|,|-|1|.|5|)|:|:|T")]
    [InlineData("a\u00a0b\u3000c\u200bd\ufeffe", "a|b|c|d|e")]
    public void Text_splits_into_tokens(string sql, string expected) =>
        Assert.Equal(expected, string.Join('|', Lexer.ReadAll(sql)!.Select(t => sql.Substring(t.Start, t.Length))));

    [Theory]
    [InlineData("'open")]
    [InlineData("`open")]
    [InlineData("\"open\\\"")]
    [InlineData("/* open /* closed */")]
    [InlineData("/*/")]
    [InlineData("$a$ open $b$")]
    [InlineData("‘open")]
    [InlineData("'escaped end \\")]
    public void Text_that_ends_inside_something_has_no_tokens(string sql) => Assert.Null(Lexer.ReadAll(sql));

    [Theory]
    [InlineData("SELECT 1", "SELECT 1", null, "")]
    [InlineData("SELECT 1 ; ;", "SELECT 1", null, "")]
    [InlineData("SELECT 1 FORMAT CSV", "SELECT 1", "CSV", "")]
    [InlineData("SELECT 1\nformat /* x */ `JSON` -- y\n;", "SELECT 1", "JSON", "")]
    [InlineData("SELECT 1 FORMAT CSV SETTINGS a = 1", "SELECT 1", "CSV", "SETTINGS a = 1")]
    [InlineData("SELECT 1 SETTINGS a = 1 FORMAT CSV", "SELECT 1 SETTINGS a = 1", "CSV", "")]
    [InlineData("SELECT 'FORMAT CSV'", "SELECT 'FORMAT CSV'", null, "")]
    [InlineData("SELECT format FROM t", "SELECT format FROM t", null, "")]
    [InlineData("SELECT format('{}', x)", "SELECT format('{}', x)", null, "")]
    [InlineData("SELECT * FROM (SELECT 1 FORMAT CSV)", "SELECT * FROM (SELECT 1 FORMAT CSV)", null, "")]
    [InlineData("SELECT x ORDER BY format DESC", "SELECT x ORDER BY format DESC", null, "")]
    [InlineData("", "", null, "")]
    [InlineData(";-- x", "", null, "")]
    [InlineData("SELECT 'open FORMAT CSV", "SELECT 'open FORMAT CSV", null, "")]
    public void Statement_splits_at_its_format(string sql, string core, string? format, string settings) =>
        Assert.Equal(new SplitStatement(core, format, settings), SplitStatement.Of(sql));

    [Theory]
    [InlineData("SELECT 1 SETTINGS a = 1, b='x''y' , c = -1.5", "SELECT 1", "a=1;b=x'y;c=-1.5")]
    [InlineData("SELECT 1 settings a=DEFAULT", "SELECT 1", "a=DEFAULT")]
    [InlineData("SETTINGS a = 1", "", "a=1")]
    [InlineData("SELECT 1", "SELECT 1", "")]
    [InlineData("SELECT 1 SETTINGS a", "SELECT 1 SETTINGS a", "")]
    [InlineData("SELECT 1 SETTINGS a = {'b': 'c'}", "SELECT 1 SETTINGS a = {'b': 'c'}", "")]
    [InlineData("SELECT 1 SETTINGS a = 1,", "SELECT 1 SETTINGS a = 1,", "")]
    [InlineData("SELECT 1 SETTINGS a = 1 b", "SELECT 1 SETTINGS a = 1 b", "")]
    [InlineData("SELECT 1 SETTINGS a = f(1)", "SELECT 1 SETTINGS a = f(1)", "")]
    [InlineData("SELECT * FROM (SELECT 1 SETTINGS a = 1)", "SELECT * FROM (SELECT 1 SETTINGS a = 1)", "")]
    public void Settings_are_taken_off_the_end(string sql, string core, string settings)
    {
        var (rest, pairs) = SettingsClause.TakeOff(sql);
        Assert.Equal((core, settings), (rest, string.Join(';', pairs.Select(p => $"{p.Key}={p.Value}"))));
    }

    [Theory]
    [InlineData("INSERT INTO t FORMAT CSV\n1", "INSERT INTO t ", "CSV", "1")]
    [InlineData("INSERT INTO t FORMAT CSV   1", "INSERT INTO t ", "CSV", "1")]
    [InlineData("INSERT INTO t FORMAT CSV;\n1", "INSERT INTO t ", "CSV", "1")]
    [InlineData("INSERT INTO t FORMAT RowBinary\n\n\n", "INSERT INTO t ", "RowBinary", "\n\n")]
    [InlineData("INSERT INTO t VALUES (1)", "INSERT INTO t ", "Values", " (1)")]
    [InlineData("INSERT INTO db.values (a, format) SETTINGS x = 'FORMAT Y' VALUES(1)", "INSERT INTO db.values (a, format) SETTINGS x = 'FORMAT Y' ", "Values", "(1)")]
    [InlineData("insert into table `format` format TSV\r\n1", "insert into table `format` ", "TSV", "1")]
    [InlineData("INSERT INTO FUNCTION null('x Int8') FORMAT CSV\n", "INSERT INTO FUNCTION null('x Int8') ", "CSV", "")]
    public void Insert_splits_at_its_data(string sql, string statement, string format, string data)
    {
        var head = InsertHead.Find(sql)!;
        Assert.Equal((statement, format, data), (head.Statement, head.Format, sql[head.DataStart..]));
    }

    [Theory]
    [InlineData("SELECT 1 FORMAT CSV")]
    [InlineData("INSERT INTO t SELECT 1 FORMAT CSV")]
    [InlineData("INSERT INTO t (a) WITH 1 AS x SELECT x")]
    [InlineData("INSERT INTO t")]
    [InlineData("INSERT INTO t FORMAT")]
    [InlineData("INSERT INTO values")]
    [InlineData("INSERT INTO t FROM INFILE 'x' FORMAT CSV")]
    [InlineData("")]
    public void Statement_without_data_has_no_head(string sql) => Assert.Null(InsertHead.Find(sql));
}

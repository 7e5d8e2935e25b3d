using Millrace.ClickHouse.Embedded.Gate;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Tests.Gate;

/// <summary>The judgement of trees, without an engine.</summary>
public sealed class AstGateTests
{
    [Theory]
    [InlineData("SelectWithUnionQuery (children 1)\n ExpressionList (children 1)\n  SelectQuery (children 2)\n   Asterisk\n   TableIdentifier millrace.events (alias e)\n")]
    [InlineData("Function sumIf (alias x) (children 1)\n Literal 'file('")]
    [InlineData("Literal 'Set'\nLiteral Tuple_('Function file')")]
    [InlineData("Identifier dims.system\nIdentifier a.b.c (alias system)")]
    [InlineData("TableIdentifier cte\nTableIdentifier system.one\nTableIdentifier tenant_system.tables\nIdentifier tenant_system.tables.name")]
    [InlineData("SampleRatio 1 / 10\nInterpolateElement (column n) (children 1)\nColumnsReplaceTransformer::Replacement (children 1)")]
    [InlineData("")]
    public void Known_lines_pass(string tree) => AstGate.Check(tree);

    [Theory]
    [InlineData("Function file (children 1)")]
    [InlineData("Function plus minus")]
    [InlineData("Function `plus`")]
    [InlineData("Function ")]
    [InlineData("Function")]
    [InlineData("TableIdentifier system.processes")]
    [InlineData("TableIdentifier other.notes (alias events)")]
    [InlineData("TableIdentifier millrace.internal")]
    [InlineData("TableIdentifier millrace.events.x")]
    [InlineData("TableIdentifier /etc/passwd")]
    [InlineData("TableIdentifier (alias events)")]
    [InlineData("Identifier system.parts")]
    [InlineData("Identifier SYSTEM.parts")]
    [InlineData("Identifier default.x (children 1)")]
    [InlineData("Identifier INFORMATION_SCHEMA.tables")]
    [InlineData("Set")]
    [InlineData("Set (children 1)")]
    [InlineData("ColumnsApplyTransformer")]
    [InlineData("Explain EXPLAIN (children 1)")]
    [InlineData("InsertQuery")]
    [InlineData("Identifier ok\nanything else")]
    [InlineData("Asterisk file")]
    [InlineData("selectquery")]
    [InlineData("\tSelectQuery")]
    [InlineData("SelectQuery\u2028Function file")]
    public void Unknown_lines_are_refused(string tree) => Assert.Equal(497, Assert.Throws<ChdbException>(() => AstGate.Check(tree)).Code);
}

using Millrace.ClickHouse.Embedded.Gate;
using Millrace.ClickHouse.Embedded.Tests.Support;

namespace Millrace.ClickHouse.Embedded.Tests.Gate;

/// <summary>The list against what the engine knows.</summary>
[Collection(ServerCollection.Name)]
public sealed class FunctionAllowListTests(ServerFixture server)
{
    /// <summary>Names that the parser makes and the engine does not list.</summary>
    private static readonly string[] _ofTheParser = ["exists", "lambda"];

    /// <summary>What the authors looked at and left out. A function in neither list is new: judge it, and put it into one.</summary>
    private static readonly string[] _judgedAndRefused = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Gate", "refused-functions.txt"))
        .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public async Task Every_function_of_the_engine_has_been_judged()
    {
        var functions = await NamesAsync("SELECT name FROM system.functions WHERE origin = 'System'");
        var listed = FunctionAllowList.Names("functions").Concat(FunctionAllowList.Names("aggregates")).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Assert.Empty(functions.Except(listed, StringComparer.OrdinalIgnoreCase).Except(_judgedAndRefused, StringComparer.OrdinalIgnoreCase));
        Assert.Empty(listed.Except(functions, StringComparer.OrdinalIgnoreCase).Except(_ofTheParser));
    }

    [Fact]
    public async Task No_refused_function_gets_through_by_case_or_suffix()
    {
        Assert.DoesNotContain(_judgedAndRefused, FunctionAllowList.Allows);
        Assert.DoesNotContain(await NamesAsync("SELECT name FROM system.functions WHERE origin != 'System'"), FunctionAllowList.Allows);
        Assert.All(new[] { "fileIf", "sleepArray", "State", "Merge", "", "file", "FILE", "sumIfs" }, name => Assert.False(FunctionAllowList.Allows(name)));
        Assert.All(new[] { "sumIf", "uniqStateForEach", "quantilesTDigestMergeState", "COUNT", "countIfOrNull", "numbers" }, name => Assert.True(FunctionAllowList.Allows(name)));
    }

    [Fact]
    public async Task Table_functions_that_are_also_functions_are_harmless_ones()
    {
        var tableFunctions = await NamesAsync("SELECT name FROM system.table_functions");
        // format() as a table function needs a right that no tenant has; a test of the attacks tries it.
        Assert.Equal(
            [.. FunctionAllowList.Names("table functions").Append("format").Order(StringComparer.Ordinal)],
            tableFunctions.Where(FunctionAllowList.Allows).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal));
    }

    private async Task<string[]> NamesAsync(string sql) => (await server.Administrator.QueryAsync(sql)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

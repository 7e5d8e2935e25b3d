using Millrace.Hosting.Faults;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class FaultPlanTests
{
    [Fact]
    public void Point_reached_is_due_at_the_arrival_named_and_only_then()
    {
        var plan = FaultPlan.Parse("archiver.rows.inserted=kill@3");

        var due = Enumerable.Range(0, 5).Select(_ => plan.IsDue(FaultPointNames.ArchiverRowsInserted));

        Assert.Equal([false, false, true, false, false], due);
    }

    [Fact]
    public void Other_points_are_neither_due_nor_counted()
    {
        var plan = FaultPlan.Parse("archiver.rows.inserted=kill@1");

        Assert.DoesNotContain(FaultPointNames.All.Where(name => name != FaultPointNames.ArchiverRowsInserted), plan.IsDue);
        Assert.True(plan.IsDue(FaultPointNames.ArchiverRowsInserted));
    }

    [Fact]
    public void Path_stands_for_what_the_file_says_and_for_nothing_where_there_is_none()
    {
        using var directory = new TempDirectory();
        var file = Path.Combine(directory.Path, "plan");

        Assert.Equal("", FaultPlan.Resolve("@" + file));
        File.WriteAllText(file, "archiver.rows.inserted=kill@1\n");
        Assert.Equal("archiver.rows.inserted=kill@1", FaultPlan.Resolve("@" + file));
        Assert.Equal("archiver.rows.inserted=kill@2", FaultPlan.Resolve("archiver.rows.inserted=kill@2"));
    }

    [Theory]
    [InlineData("archiver.rows.inserted", "expected <point>=kill@<arrival>")]
    [InlineData("archiver.rows.inserted=kill", "expected <point>=kill@<arrival>")]
    [InlineData("archiver.rows.inserted=kill@0", "expected <point>=kill@<arrival>")]
    [InlineData("archiver.rows.inserted=kill@-1", "expected <point>=kill@<arrival>")]
    [InlineData("archiver.rows.inserted=stop@1", "expected <point>=kill@<arrival>")]
    [InlineData("archiver.rows=kill@1", "unknown point 'archiver.rows'; there are aggregator.")]
    public void Text_that_names_no_place_is_refused_with_what_would_do(string text, string part) =>
        Assert.Contains(part, Assert.Throws<StartException>(() => FaultPlan.Parse(text)).Message, StringComparison.Ordinal);
}

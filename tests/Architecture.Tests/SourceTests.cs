using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>What a source file may look like.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 400;

    private static readonly string[] Languages = [".cs", ".ts", ".tsx", ".css", ".mjs", ".js", ".sh", ".py"];

    [Fact]
    public void File_is_at_most_400_lines_long()
    {
        var violations = new Violations($"A source file has at most {MaxLines} lines, and few more than 60.");
        foreach (var file in Repository.Files.Where(file => Languages.Contains(Path.GetExtension(file)) && !IsGenerated(file)))
        {
            var lines = File.ReadLines(Repository.FullPath(file)).Count();
            if (lines > MaxLines) violations.Add(file, MaxLines + 1, $"{lines} lines: split it by concern.");
        }

        violations.Verify();
    }

    [Fact]
    public void File_has_no_unfinished_work()
    {
        var violations = new Violations("What lands is whole.");
        foreach (var source in OwnSources())
        {
            foreach (Match match in Unfinished().Matches(source.Text))
                violations.Add(source.Path, source.LineAt(match.Index), $"'{match.Value}': finish it or leave it out.");
        }

        violations.Verify();
    }

    [Fact]
    public void Catch_that_does_nothing_names_the_exception_and_says_why()
    {
        var violations = new Violations("An exception is handled, told or passed on.");
        foreach (var source in OwnSources())
        {
            foreach (var position in SilentCatches(source))
                violations.Add(source.Path, source.LineAt(position), "name the exception that may be passed over, and say in a comment why.");
        }

        violations.Verify();
    }

    [Fact]
    public void Test_does_not_wait_for_a_time()
    {
        var violations = new Violations("Tests wait for a condition with a deadline (Eventually), never for a time.");
        foreach (var source in OwnSources().Where(source =>
            source.Path.StartsWith("tests/", StringComparison.Ordinal) && !source.Path.StartsWith("tests/Testing/", StringComparison.Ordinal)))
        {
            foreach (Match match in Sleep().Matches(source.Code))
                violations.Add(source.Path, source.LineAt(match.Index), "wait with Eventually.TrueAsync, or move a ManualTimeProvider.");
        }

        violations.Verify();
    }

    [Theory]
    [InlineData("a // b\nc", "a     \nc")]
    [InlineData("x = \"a // b\"; y", "x =         ; y")]
    [InlineData("x = @\"a\\\"; y", "x = @    ; y")]
    [InlineData("x = \"\"\"a \"b\" c\"\"\"; y", "x =              ; y")]
    [InlineData("'\"' + 1 /* \" */ + 2", "    + 1         + 2")]
    [InlineData("\"\\\"\" + 1", "     + 1")]
    public void Blank_leaves_only_code(string text, string code) => Assert.Equal(code, SourceFile.Blank(text));

    [Theory]
    [InlineData("try { } catch { }", 1)]
    [InlineData("try { } catch (Exception) { }", 1)]
    [InlineData("try { } catch (Exception e) { /* no matter */ }", 1)]
    [InlineData("try { } catch (IOException) { }", 1)]
    [InlineData("try { } catch (IOException) {\n // It is gone already.\n }", 0)]
    [InlineData("try { } catch (Exception e) when (e is IOException) { // Gone.\n }", 0)]
    [InlineData("try { } catch (Exception e) { Log(e); }", 0)]
    [InlineData("// catch { }\nvar text = \"catch { }\";", 0)]
    public void SilentCatches_finds_what_hides_failures(string code, int expected) =>
        Assert.Equal(expected, SilentCatches(new SourceFile("x.cs", code)).Count());

    [Theory]
    [InlineData("await Task.Delay(100);", true)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1));", true)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);", true)]
    [InlineData("Thread.Sleep(5);", true)]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), time, token);", false)]
    [InlineData("await Task.Delay(Timeout.Infinite, token);", false)]
    public void Sleep_finds_waiting_for_a_time(string code, bool found) => Assert.Equal(found, Sleep().IsMatch(code));

    private static IEnumerable<int> SilentCatches(SourceFile source)
    {
        foreach (Match match in EmptyCatch().Matches(source.Code))
        {
            var named = match.Groups["type"].Success && (match.Groups["type"].Value != "Exception" || match.Groups["when"].Success);
            if (!named || !source.Text.AsSpan(match.Index, match.Length).Contains("//", StringComparison.Ordinal)) yield return match.Index;
        }
    }

    // The patterns below would find themselves.
    private static IEnumerable<SourceFile> OwnSources() =>
        Repository.Sources.Where(source => !source.Path.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal));

    private static bool IsGenerated(string file) =>
        file.EndsWith(".g.cs", StringComparison.Ordinal) || file.EndsWith(".min.js", StringComparison.Ordinal) || file.Contains("/generated/", StringComparison.Ordinal);

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK|NotImplementedException)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\bcatch\b\s*(\(\s*(?<type>[\w.]+)[^)]*\))?\s*(?<when>when\s*\([^{]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\b|\bTask\s*\.\s*Delay\s*\(\s*(\d|TimeSpan\s*\.\s*From\w+\s*\([^)]*\)\s*(\)|,\s*(TestContext|Cancelled|CancellationToken|token\b)))")]
    private static partial Regex Sleep();
}

using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>docs/configuration.md names every setting. With MILLRACE_WRITE_DOCS=1 it is written anew from the options' own documentation.</summary>
public sealed partial class ConfigurationPageTests
{
    private const string Page = "docs/configuration.md";
    private const string Begin = "<!-- settings: written by tests/Architecture.Tests from the options' documentation -->";
    private const string Rewrite = "run: MILLRACE_WRITE_DOCS=1 ./millrace test Architecture";

    [Fact]
    public void Page_names_every_setting_and_no_other()
    {
        var path = Repository.FullPath(Page);
        var text = File.ReadAllText(path);
        if (Environment.GetEnvironmentVariable("MILLRACE_WRITE_DOCS") == "1")
        {
            text = text[..(text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)] + "\n" + Write();
            File.WriteAllText(path, text);
        }

        var violations = new Violations($"{Page} names every setting, and only such.");
        var named = Row().Matches(text).ToDictionary(match => match.Groups["path"].Value, match => match.Index);
        var known = OptionsScanner.Sections.SelectMany(section => section.Settings).ToList();
        foreach (var setting in known.Where(setting => !named.ContainsKey(setting.Path)))
            violations.Add(setting.File, setting.Line, $"{setting.Path} is not on {Page}: {Rewrite}");
        foreach (var (name, index) in named.Where(entry => known.All(setting => setting.Path != entry.Key)))
            violations.Add(Page, text.AsSpan(0, index).Count('\n') + 1, $"there is no setting {name}: {Rewrite}");
        violations.Verify();
    }

    [Fact]
    public void Setting_says_what_it_is_and_its_default()
    {
        var violations = new Violations("A setting's documentation says what it is.");
        foreach (var setting in OptionsScanner.Sections.SelectMany(section => section.Settings).Where(setting => setting.Summary.Length < 5))
            violations.Add(setting.File, setting.Line, $"say what {setting.Path} is.");
        violations.Verify();
        Assert.Contains(OptionsScanner.Sections, section => section is { Name: "Auth", Settings.Count: > 5 });
    }

    private static string Write()
    {
        var text = new StringBuilder();
        foreach (var section in OptionsScanner.Sections)
        {
            text.Append('\n').Append("## ").Append(section.Name).Append("\n\n").Append(section.Summary).Append("\n\n");
            text.Append("| setting | kind | range | meaning |\n|---|---|---|---|\n");
            foreach (var setting in section.Settings)
                text.Append($"| `{setting.Path}` | {setting.Type} | {setting.Range} | {setting.Summary} |\n");
        }

        return text.ToString();
    }

    [GeneratedRegex(@"^\| `(?<path>Millrace:[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}

using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>Packages: one place for versions, one page that says why.</summary>
public sealed partial class PackageTests
{
    private const string Central = "Directory.Packages.props";
    private const string Page = "docs/dependencies.md";

    [Fact]
    public void Version_stands_in_the_central_file_only()
    {
        var violations = new Violations($"Versions stand in {Central} only.");
        foreach (var project in Repository.Projects)
        {
            foreach (var package in project.Packages.Where(package => package.Version is not null))
                violations.Add(project.Path, package.Line, $"move the version of {package.Name} to {Central}.");
        }

        violations.Verify();
    }

    [Fact]
    public void Central_package_has_its_line_on_the_page()
    {
        var lines = Lines();
        var violations = new Violations($"{Page} says for each package what for, under which licence and why this one.");
        foreach (var (name, line) in CentralPackages().Where(package => !lines.ContainsKey(package.Name)))
            violations.Add(Central, line, $"add a line for {name} to {Page}.");
        violations.Verify();
    }

    [Fact]
    public void Npm_package_has_its_line_on_the_page()
    {
        var lines = Lines();
        var violations = new Violations($"{Page} says for each package what for, under which licence and why this one.");
        foreach (var (name, file) in NpmPackages().Where(package => !lines.ContainsKey(package.Name)))
            violations.Add(file, 1, $"add a line for {name} to {Page}.");
        violations.Verify();
    }

    [Fact]
    public void Line_of_the_page_has_its_package()
    {
        var known = CentralPackages().Select(package => package.Name).Concat(NpmPackages().Select(package => package.Name)).ToHashSet();
        var violations = new Violations($"{Page} lists what is used, no more.");
        foreach (var (name, (line, section)) in Lines())
        {
            if (!section.StartsWith("Native", StringComparison.Ordinal) && !known.Contains(name))
                violations.Add(Page, line, $"nothing uses {name}: remove its line.");
        }

        violations.Verify();
    }

    [Fact]
    public void Line_of_the_page_fills_every_column()
    {
        var violations = new Violations($"{Page} has four columns: package, what for, licence, why this one.");
        var lines = File.ReadAllLines(Repository.FullPath(Page));
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("| ", StringComparison.Ordinal)) continue;
            var cells = lines[i].Trim().Trim('|').Split('|', StringSplitOptions.TrimEntries);
            if (cells.Length != 4 || cells.Any(string.IsNullOrEmpty)) violations.Add(Page, i + 1, "fill in all four columns.");
        }

        violations.Verify();
    }

    [Fact]
    public void Central_package_is_used()
    {
        // Pinned for what others bring along: nobody names them.
        string[] transitive = ["SQLitePCLRaw.core", "SQLitePCLRaw.bundle_e_sqlite3"];
        var targets = File.ReadAllText(Repository.FullPath("Directory.Build.targets"));
        var violations = new Violations($"{Central} names what some project uses.");
        foreach (var (name, line) in CentralPackages())
        {
            if (!transitive.Contains(name) && !targets.Contains($"\"{name}\"", StringComparison.Ordinal)
                && !Repository.Projects.Any(project => project.Packages.Any(package => package.Name == name)))
                violations.Add(Central, line, $"no project uses {name}: remove it here and from {Page}.");
        }

        violations.Verify();
    }

    private static List<(string Name, int Line)> CentralPackages() =>
        [.. XDocument.Load(Repository.FullPath(Central), LoadOptions.SetLineInfo).Descendants("PackageVersion")
            .Select(element => ((string)element.Attribute("Include")!, Project.Line(element)))];

    private static IEnumerable<(string Name, string File)> NpmPackages()
    {
        foreach (var file in Repository.Files.Where(file => Path.GetFileName(file) == "package.json"))
        {
            using var json = JsonDocument.Parse(File.ReadAllText(Repository.FullPath(file)));
            foreach (var group in new[] { "dependencies", "devDependencies", "optionalDependencies", "peerDependencies" })
            {
                if (!json.RootElement.TryGetProperty(group, out var packages)) continue;
                foreach (var package in packages.EnumerateObject()) yield return (package.Name, file);
            }
        }
    }

    /// <summary>First column of each table's lines, with line number and section.</summary>
    private static Dictionary<string, (int Line, string Section)> Lines()
    {
        var found = new Dictionary<string, (int, string)>(StringComparer.Ordinal);
        var section = "";
        var lines = File.ReadAllLines(Repository.FullPath(Page));
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("## ", StringComparison.Ordinal)) section = lines[i][3..];
            if (Row().Match(lines[i]) is { Success: true } row && row.Groups["name"].Value is not ("package" or "part"))
                Assert.True(found.TryAdd(row.Groups["name"].Value, (i + 1, section)), $"{Page}:{i + 1}: {row.Groups["name"].Value} stands twice: remove one.");
        }

        return found;
    }

    [GeneratedRegex(@"^\| (?<name>[^|\s][^|]*?) \|")]
    private static partial Regex Row();
}

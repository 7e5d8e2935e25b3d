using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>The solution is the whole.</summary>
public sealed class SolutionTests
{
    [Fact]
    public void Solution_names_every_project()
    {
        var solution = File.ReadAllText(Repository.FullPath("Millrace.slnx"));
        var violations = new Violations("Millrace.slnx names every project, and only such.");
        foreach (var project in Repository.Projects.Where(project => !solution.Contains($"\"{project.Path}\"", StringComparison.Ordinal)))
            violations.Add(project.Path, 1, $"add <Project Path=\"{project.Path}\" /> to Millrace.slnx.");
        foreach (var element in System.Xml.Linq.XDocument.Parse(solution, System.Xml.Linq.LoadOptions.SetLineInfo).Descendants("Project"))
        {
            var path = (string)element.Attribute("Path")!;
            if (Repository.Projects.All(project => project.Path != path))
                violations.Add("Millrace.slnx", Project.Line(element), $"there is no {path}: remove the line.");
        }

        violations.Verify();
    }
}

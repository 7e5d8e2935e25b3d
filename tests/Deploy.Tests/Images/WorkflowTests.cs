using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Millrace.Deploy.Tests.Support;
using Millrace.Testing;
using Xunit;

namespace Millrace.Deploy.Tests.Images;

/// <summary>The workflows are well formed, have no more rights than they say, and name what is there.</summary>
public sealed partial class WorkflowTests
{
    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, ".github", "workflows")).Select(file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Workflow_reads_only_and_every_step_does_something(string file)
    {
        var workflow = Yaml.ReadFile(Path.Combine(Repository.Root, ".github", "workflows", file));
        Assert.Equal("read", workflow.Text("permissions/contents"));
        Assert.Single(workflow.At("permissions")!.AsObject());
        foreach (var (name, job) in workflow.At("jobs")!.AsObject())
        {
            Assert.True(job.Text("runs-on") is not null, name);
            foreach (var step in job.List("steps"))
            {
                Assert.True(step.Text("uses") is not null ^ step.Text("run") is not null, $"{file}: {name}: {step.ToJsonString()}");
                // Somebody else's text in a script would be a script of theirs.
                Assert.DoesNotMatch(@"\$\{\{\s*github\.(event|head_ref)", step.Text("run") ?? "");
                if (step.Text("uses") is { } action) Assert.Matches(@"^[\w-]+/[\w-]+@v\d", action);
            }

            foreach (var needed in job.At("needs") is JsonValue single ? [single.GetValue<string>()] : job.List("needs").Select(item => item.GetValue<string>()))
                Assert.NotNull(workflow.At($"jobs/{needed}"));
        }

        foreach (Match script in Script().Matches(Repository.Read(".github/workflows/" + file)))
            Assert.True(File.Exists(Path.Combine(Repository.Root, script.Groups["path"].Value)), script.Value);
    }

    [Fact]
    public void Every_image_and_every_overlay_is_in_its_matrix()
    {
        var images = Yaml.ReadFile(Path.Combine(Repository.Root, ".github/workflows/images.yml")).List("jobs/image/strategy/matrix/name").Select(name => name.GetValue<string>());
        Assert.Equal(DockerfileTests.Files.Select(row => row.Data.Replace(".Dockerfile", "", StringComparison.Ordinal)).Order(), images.Order());
        var overlays = Yaml.ReadFile(Path.Combine(Repository.Root, ".github/workflows/overlays.yml")).List("jobs/diff/strategy/matrix/overlay").Select(name => name.GetValue<string>());
        Assert.Equal(Overlay.Names.Select(row => row.Data).Order(), overlays.Order());
    }

    [Fact]
    public async Task Release_notes_are_the_section_of_the_version()
    {
        using var folder = new TempDirectory();
        var changelog = Path.Combine(folder.Path, "CHANGELOG.md");
        await File.WriteAllTextAsync(changelog, "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.2.0 - 2026-11-22\n\n### Added\n- this\n\n## 1.2.0-rc\n- not this\n", TestContext.Current.CancellationToken);
        Assert.Equal((0, "### Added\n- this\n"), await NotesAsync("1.2.0", changelog));
        Assert.Equal((1, ""), await NotesAsync("1.3.0", changelog));
    }

    private static async Task<(int Code, string Text)> NotesAsync(string version, string changelog)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "eng", "release-notes.sh"), version]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CHANGELOG"] = changelog;
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, text);
    }

    [GeneratedRegex(@"(?<=\s)(?<path>eng/[\w-]+\.sh|(?<=\./)millrace)\b")]
    private static partial Regex Script();
}

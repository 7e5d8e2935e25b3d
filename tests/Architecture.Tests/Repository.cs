using System.Diagnostics;

namespace Millrace.Architecture.Tests;

/// <summary>The repository that these tests were built in: what git tracks, or every file where there is no git.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = ["artifacts", "node_modules", ".git", "bin", "obj", "dist", "TestResults"];

    public static string Root { get; } = FindRoot();

    /// <summary>Paths below the root, with '/', of files that exist.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. ListFiles().Where(file => File.Exists(FullPath(file))).Order(StringComparer.Ordinal)];

    public static IReadOnlyList<Project> Projects { get; } = [.. Files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).Select(Project.Load)];

    /// <summary>C# sources.</summary>
    public static IReadOnlyList<SourceFile> Sources { get; } = [.. Files
        .Where(file => file.EndsWith(".cs", StringComparison.Ordinal)).Select(file => new SourceFile(file, File.ReadAllText(FullPath(file))))];

    public static string FullPath(string file) => Path.Combine(Root, file);

    /// <summary>The project that a file belongs to, or null.</summary>
    public static Project? ProjectOf(string file) => Projects
        .Where(project => file.StartsWith(project.Folder + "/", StringComparison.Ordinal)).MaxBy(project => project.Folder.Length);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Millrace.slnx"))) return directory.FullName;
        }

        throw new InvalidOperationException($"No Millrace.slnx above {AppContext.BaseDirectory}: run the tests where they were built.");
    }

    private static IEnumerable<string> ListFiles()
    {
        if (!Path.Exists(Path.Combine(Root, ".git"))) return Walk(new DirectoryInfo(Root));
        // What is tracked, and what is about to be.
        var start = new ProcessStartInfo("git", "ls-files -z --cached --others --exclude-standard")
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return git.ExitCode == 0
            ? output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"git ls-files failed with {git.ExitCode}.");
    }

    private static IEnumerable<string> Walk(DirectoryInfo directory) => directory.EnumerateFiles()
        .Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
        .Concat(directory.EnumerateDirectories().Where(inner => !NotOurs.Contains(inner.Name)).SelectMany(Walk));
}

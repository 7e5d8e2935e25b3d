using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace Millrace.Testing;

/// <summary>What the machine under the tests offers.</summary>
public static class TestEnvironment
{
    /// <summary>Whether this is a continuous-integration run (<c>CI=true</c>), where nothing may be skipped for want of a backend.</summary>
    public static bool IsContinuousIntegration =>
        string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Goes on when a backend is there; without it the test is skipped visibly, or fails where <c>CI=true</c>.</summary>
    /// <param name="available">Whether it is there.</param>
    /// <param name="reason">What is missing and how to get it.</param>
    public static void RequireOrSkip([DoesNotReturnIf(false)] bool available, string reason)
    {
        if (available) return;
        if (IsContinuousIntegration) Assert.Fail("Missing, and nothing may be missing in CI: " + reason);
        Assert.Skip(reason);
    }

    /// <summary>The full path of a program on <c>PATH</c>; without it skips or fails as <see cref="RequireOrSkip"/> does.</summary>
    public static string RequireProgramOrSkip(string name, string howToInstall)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        RequireOrSkip(path is not null, $"{name} is not on PATH; {howToInstall}");
        return path;
    }
}

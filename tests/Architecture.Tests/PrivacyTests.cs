using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>What is in the repository is right on every machine, not on one.</summary>
public sealed partial class PrivacyTests
{
    private static readonly string[] Binary = [".png", ".jpg", ".ico", ".woff2", ".gz", ".zst", ".pb", ".pdf", ".webp"];

    [Fact]
    public void File_names_no_path_of_one_machine() =>
        Check("No absolute paths of one machine.", MachinePath(), "use a path relative to the repository, or a temporary directory.");

    [Fact]
    public void File_names_no_package_registry() =>
        Check("No package registries: where packages come from is each machine's own setting.", Registry(), "leave the registry to the machine's configuration.");

    private static void Check(string rule, Regex pattern, string advice)
    {
        var violations = new Violations(rule);
        foreach (var file in Repository.Files.Where(file =>
            !Binary.Contains(Path.GetExtension(file)) && !file.StartsWith("tests/Architecture.Tests/", StringComparison.Ordinal)))
        {
            var number = 0;
            foreach (var line in File.ReadLines(Repository.FullPath(file)))
            {
                number++;
                if (pattern.Match(line) is { Success: true } match) violations.Add(file, number, $"'{match.Value}': {advice}");
            }
        }

        violations.Verify();
    }

    [GeneratedRegex(@"(?<![\w.\-/~}])/(work|root|home|Users)/[\w.\-]+|\b[A-Z]:\\\\?(Users|work)\b")]
    private static partial Regex MachinePath();

    // Pages about a package are no registry.
    [GeneratedRegex(@"https?://(?!www\.(npmjs\.com|nuget\.org)/package)[\w.\-:]*(registry|nuget|npmjs|pypi|artifactory|nexus|verdaccio|goproxy|deb\.debian)[\w.\-:/]*|/v3/index\.json|""resolved"":", RegexOptions.IgnoreCase)]
    private static partial Regex Registry();
}

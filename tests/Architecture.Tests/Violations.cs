using System.Text;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>Collects what breaks a rule and fails with all of it: file, line, what to do.</summary>
internal sealed class Violations(string rule)
{
    private readonly List<string> _found = [];

    public void Add(string file, int line, string advice) => _found.Add($"{file}:{line}: {advice}");

    public void Verify()
    {
        if (_found.Count == 0) return;
        var text = new StringBuilder(rule).AppendLine();
        foreach (var violation in _found) text.AppendLine(violation);
        Assert.Fail(text.ToString());
    }
}

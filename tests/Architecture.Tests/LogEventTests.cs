using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>Event ids of log messages: an operator filters by them, so each stands once, in its project's range.</summary>
public sealed partial class LogEventTests
{
    // First id of each project's range; it ends where the next begins.
    private static readonly (string Project, int First)[] Ranges =
    [
        ("Hosting", 1000), ("Ingest", 2000), ("Aggregator", 3000), ("RealtimeGateway", 4000), ("Alerting", 5000), ("Archiver", 6000),
        ("ClickHouse", 7000), ("FasterLog", 8000), ("Kafka", 8100), ("FileSystem", 8250), ("S3", 8375), ("Sqlite", 8500), ("Postgres", 8625),
        ("MassTransit", 8750), ("Standalone", 9000),
    ];

    private const int End = 10_000;

    [Fact]
    public void Event_ids_are_unique_and_in_their_projects_range()
    {
        var violations = new Violations("Event ids are unique, each in the range of its project.");
        var seen = new Dictionary<int, string>();
        foreach (var source in Repository.Sources.Where(source => Repository.ProjectOf(source.Path)?.Layer is not (Layer.Tests or Layer.Benchmarks)))
        {
            foreach (Match match in Message().Matches(source.Text))
            {
                var line = source.LineAt(match.Index);
                var project = Repository.ProjectOf(source.Path)!;
                if (!int.TryParse(match.Groups["id"].Value, CultureInfo.InvariantCulture, out var id))
                {
                    violations.Add(source.Path, line, "give the message an event id: [LoggerMessage(1234, LogLevel.…)].");
                    continue;
                }

                if (!seen.TryAdd(id, $"{source.Path}:{line}"))
                    violations.Add(source.Path, line, $"event id {id} stands already at {seen[id]}: take a free one.");
                if (RangeOf(project) is not { } range)
                    violations.Add(source.Path, line, $"{project.Name} has no range: add one to {nameof(LogEventTests)}.");
                else if (id < range.First || id >= range.End)
                    violations.Add(source.Path, line, $"event id {id} is outside {range.First} to {range.End - 1}, the range of {project.Name}.");
            }
        }

        violations.Verify();
        Assert.NotEmpty(seen);
    }

    [Fact]
    public void Log_messages_stand_in_one_class_a_project()
    {
        var violations = new Violations("Log messages stand in 'static partial class Log', one a project.");
        foreach (var source in Repository.Sources)
        {
            var message = Message().Match(source.Text);
            if (message.Success && Repository.ProjectOf(source.Path)?.Layer is not (Layer.Tests or Layer.Benchmarks)
                && !source.Code.Contains("static partial class Log", StringComparison.Ordinal))
                violations.Add(source.Path, source.LineAt(message.Index), "move the message to the project's Log class.");
        }

        violations.Verify();
    }

    private static (int First, int End)? RangeOf(Project project)
    {
        for (var i = 0; i < Ranges.Length; i++)
        {
            if (project.ShortName.Split('.').Any(part => part.Contains(Ranges[i].Project, StringComparison.Ordinal)))
                return (Ranges[i].First, i + 1 < Ranges.Length ? Ranges[i + 1].First : End);
        }

        return null;
    }

    [GeneratedRegex(@"\[LoggerMessage\(\s*(EventId\s*=\s*)?(?<id>\d*)")]
    private static partial Regex Message();
}

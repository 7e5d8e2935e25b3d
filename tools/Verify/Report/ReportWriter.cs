using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.Verify.Report;

/// <summary>Writes reports for programs and for people.</summary>
internal static class ReportWriter
{
    private const int Shown = 50;

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Writes the file of <c>--report</c>.</summary>
    public static async Task WriteAsync(string path, IReadOnlyList<RunReport> runs)
    {
        await using var file = File.Create(path);
        await JsonSerializer.SerializeAsync(file, new { exact = runs.All(run => run.Exact), runs }, _json);
    }

    /// <summary>Says what came of a run.</summary>
    public static void Print(TextWriter output, RunReport run)
    {
        string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        output.WriteLine(Line($"seed {run.Seed}, {run.Target}: {run.Acknowledged} events acknowledged in {run.Seconds:0} s, {run.Duplicates} repetitions, {run.Rejected} refused, {run.Retries} requests repeated, {run.Maybe} events unanswered ({run.MaybeLanded} of them there)"));
        output.WriteLine(Line($"  faults     {(run.Faults.Count == 0 ? "none" : string.Join(", ", run.Faults.GroupBy(fault => fault.Name).Select(group => group.Count() == 1 ? group.Key : $"{group.Count()} x {group.Key}")))}"));
        output.WriteLine(Line($"  sockets    {run.Connections} connections, {run.Resets} recoveries that ended in a snapshot"));
        foreach (var check in run.Checks) output.WriteLine(Line($"  {check.Place,-16} {check.Compared,9} compared, {check.Differences} differences"));
        foreach (var difference in run.Differences.Take(Shown))
        {
            var of = difference.Stream.Length == 0 ? difference.Tenant : $"{difference.Tenant}/{difference.Stream}";
            output.WriteLine($"  {difference.Kind.ToUpperInvariant()} in {difference.Place}, {of}: {(difference.Ids.Count == 0 ? "" : string.Join(", ", difference.Ids) + ": ")}{difference.Detail}");
        }

        if (run.Differences.Count > Shown) output.WriteLine(Line($"  and {run.Differences.Count - Shown} more, see --report"));
        output.WriteLine(run.Exact ? Line($"seed {run.Seed}: exact. Nothing lost, nothing twice.") : Line($"seed {run.Seed}: {run.Differences.Count} differences"));
    }
}

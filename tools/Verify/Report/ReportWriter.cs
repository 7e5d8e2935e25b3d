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
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
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
        output.WriteLine($"  faults     {Names(run, FaultOutcome.Injected, "none")}");
        if (Names(run, FaultOutcome.LeftOut, null) is { } leftOut) output.WriteLine($"  left out   {leftOut}");
        foreach (var fault in run.Faults.Where(fault => fault.Outcome == FaultOutcome.NotReached)) output.WriteLine($"  not reached  {fault.Name}: {fault.Note}");
        output.WriteLine(Line($"  sockets    {run.Connections} connections, {run.Resets} recoveries that ended in a snapshot, {run.Sampled} feeds of events that were sampled for a time"));
        foreach (var check in run.Checks) output.WriteLine(Line($"  {check.Place,-16} {check.Compared,9} compared, {check.Differences} differences"));
        foreach (var difference in run.Differences.Take(Shown))
        {
            var of = difference.Stream.Length == 0 ? difference.Tenant : $"{difference.Tenant}/{difference.Stream}";
            output.WriteLine($"  {difference.Kind.ToUpperInvariant()} in {difference.Place}, {of}: {(difference.Ids.Count == 0 ? "" : string.Join(", ", difference.Ids) + ": ")}{difference.Detail}");
        }

        if (run.Differences.Count > Shown) output.WriteLine(Line($"  and {run.Differences.Count - Shown} more, see --report"));
        output.WriteLine(!run.Exact ? Line($"seed {run.Seed}: {run.Differences.Count} differences")
            : run.NotReached.Count > 0 ? Line($"seed {run.Seed}: exact, but not everything was tried: {string.Join(", ", run.NotReached)}")
            : Line($"seed {run.Seed}: exact. Nothing lost, nothing twice."));
    }

    private static string? Names(RunReport run, FaultOutcome outcome, string? none)
    {
        var groups = run.Faults.Where(fault => fault.Outcome == outcome).GroupBy(fault => fault.Name).ToList();
        return groups.Count == 0 ? none : string.Join(", ", groups.Select(group => group.Count() == 1 ? group.Key : string.Create(CultureInfo.InvariantCulture, $"{group.Count()} x {group.Key}")));
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Millrace.Fuzz.Engine;

/// <summary>The program: runs targets one after the other and reports.</summary>
internal sealed class FuzzCommand(FuzzSettings settings, TextWriter output)
{
    private const int Nothing = 0, Found = 1, Hangs = 3;

    /// <summary>Runs it.</summary>
    /// <returns>The process's exit code.</returns>
    public int Run()
    {
        if (settings.ShowHelp || settings.List)
        {
            output.WriteLine(settings.List ? string.Join('\n', TargetList.Names) : FuzzSettings.Help);
            return Nothing;
        }

        return settings.Repeat is not null || settings.Input is not null ? One() : All();
    }

    private int One()
    {
        using var run = new TargetRun(TargetList.Make(settings.Targets[0]), settings.Seed);
        var input = settings.Input is { } file ? File.ReadAllBytes(file) : run.Make(settings.Repeat!.Value);
        output.WriteLine($"{input.Length} bytes: {Show(input)}");
        if (run.Try(input, settings.Repeat ?? 0) is { } finding)
        {
            Report(finding);
            return Found;
        }

        output.WriteLine(run.Accepted > 0 ? "accepted" : "refused");
        return Nothing;
    }

    private int All()
    {
        var started = Stopwatch.GetTimestamp();
        long inputs = 0, findings = 0;
        output.WriteLine($"seed {settings.Seed}, {settings.Workers} workers");
        output.WriteLine($"{"target",-24}{"inputs",12}{"accepted",10}{"MB",9}{"s",8}{"inputs/s",11}  findings");
        for (var i = 0; i < settings.Targets.Count; i++)
        {
            var name = settings.Targets[i];
            // What is left of the time, by the targets that are left.
            var time = settings.Time is { } all ? (all - Stopwatch.GetElapsedTime(started)) / (settings.Targets.Count - i) : TimeSpan.MaxValue;
            double share;
            using (var target = TargetList.Make(name)) share = target.Share;
            var campaign = new Campaign(name, settings.Seed, Math.Max(1, (long)(settings.Inputs * share)), settings.Workers, time);
            var hanging = campaign.Run();
            var row = string.Create(
                CultureInfo.InvariantCulture,
                $"{name,-24}{campaign.Tried,12}{Percent(campaign.Accepted, campaign.Tried),10}{campaign.Bytes / 1e6,9:0.0}{campaign.Elapsed.TotalSeconds,8:0.0}{campaign.Tried / campaign.Elapsed.TotalSeconds,11:0}  {campaign.Findings.Count}");
            output.WriteLine(row);
            foreach (var finding in campaign.Findings) Report(finding);
            inputs += campaign.Tried;
            findings += campaign.Findings.Count;
            output.Flush();
            if (hanging is null) continue;
            Report(hanging);
            return Hangs;
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{inputs} inputs in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s, {findings} findings"));
        return findings == 0 ? Nothing : Found;
    }

    private void Report(Finding finding)
    {
        var path = finding.Save(settings.Folder);
        output.WriteLine($"  ! {finding.Message}");
        output.WriteLine($"    ./millrace fuzz {finding.Target} --repeat {finding.Position}    {finding.Input.Length} bytes in {path}: {Show(finding.Input)}");
    }

    private static string Percent(long part, long all) => all == 0 ? "-" : (100.0 * part / all).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Show(byte[] input) => string.Concat(input.Take(160).Select(b => b is >= 0x20 and < 0x7F ? ((char)b).ToString() : $"\\x{b:x2}")) + (input.Length > 160 ? "…" : "");
}

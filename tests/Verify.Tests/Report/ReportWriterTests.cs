using Millrace.Verify.Report;

namespace Millrace.Verify.Tests.Report;

public sealed class ReportWriterTests
{
    [Fact]
    public void Fault_that_never_did_what_it_is_for_is_told_and_keeps_the_run_from_being_called_exact_alone()
    {
        var report = new RunReport { Seed = 7, Target = "services" };
        report.Faults.Add(new FaultRecord("kill", 1, 1, FaultOutcome.Injected, null));
        report.Faults.Add(new FaultRecord("point:a.b.c", 2, 60, FaultOutcome.NotReached, "a.b.c was not reached within 60 s"));
        report.Faults.Add(new FaultRecord("clock", 0, 0, FaultOutcome.LeftOut, "libfaketime is missing"));

        var text = Runs.Text(report);

        Assert.Equal(["point:a.b.c"], report.NotReached);
        Assert.Contains("  faults     kill\n", text, StringComparison.Ordinal);
        Assert.Contains("  left out   clock\n", text, StringComparison.Ordinal);
        Assert.Contains("  not reached  point:a.b.c: a.b.c was not reached within 60 s\n", text, StringComparison.Ordinal);
        Assert.EndsWith("seed 7: exact, but not everything was tried: point:a.b.c\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Fault_that_came_to_pass_once_is_reached()
    {
        var report = new RunReport { Seed = 7, Target = "services" };
        report.Faults.Add(new FaultRecord("point:a.b.c", 1, 1, FaultOutcome.Injected, null));
        report.Faults.Add(new FaultRecord("point:a.b.c", 2, 60, FaultOutcome.NotReached, "not within 60 s"));

        Assert.Empty(report.NotReached);
        Assert.EndsWith("seed 7: exact. Nothing lost, nothing twice.\n", Runs.Text(report), StringComparison.Ordinal);
    }
}

using Millrace.Hosting.Faults;
using Millrace.Verify.Faults;

namespace Millrace.Verify.Tests;

public sealed class PointFaultTests
{
    [Fact]
    public void Every_point_has_a_fault()
    {
        var faults = FaultCatalog.All.Select(fault => fault.Name).ToHashSet(StringComparer.Ordinal);
        Assert.All(FaultPointNames.All, point => Assert.Contains("point:" + point, faults));
    }
}

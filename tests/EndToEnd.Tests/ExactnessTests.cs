using Millrace.EndToEnd.Tests.Support;
using Xunit;

namespace Millrace.EndToEnd.Tests;

[Collection(SharedInstallationCollection.Name)]
public sealed class ExactnessTests(SharedInstallation shared)
{
    [Fact]
    public Task Ingest_of_100000_events_is_exact_everywhere() => Exactness.CheckAsync(shared.Millrace, "exact");
}

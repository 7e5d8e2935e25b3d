using Millrace.Contract.Suites;
using Millrace.Ports.EventLog;

namespace Millrace.FasterLog.Tests;

public sealed class FasterLogContractTests : EventLogContract
{
    private readonly LogFixture _fixture = new();

    protected override ValueTask<IEventLog> OpenAsync() => new(_fixture.Open());

    protected override ValueTask CleanUpAsync()
    {
        _fixture.Dispose();
        return ValueTask.CompletedTask;
    }
}

using Millrace.Contract.Suites;
using Millrace.Ports.EventLog;

namespace Millrace.FasterLog.Tests;

public sealed class FasterLogContractTests : EventLogContract
{
    private readonly LogFixture _fixture = new();
    private string _folder = "log";

    protected override ValueTask<IEventLog> OpenAsync() => new(_fixture.Open(o => o.Directory = _fixture.Directory.File(_folder)));

    /// <summary>What lies on the disk at this moment is what a killed process leaves: the test goes on with a copy of it.</summary>
    protected override async ValueTask CrashAsync(IEventLog log)
    {
        var from = _fixture.Directory.File(_folder);
        var to = _fixture.Directory.File(_folder += "-crashed");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock"))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        await log.DisposeAsync();
    }

    protected override ValueTask CleanUpAsync()
    {
        _fixture.Dispose();
        return ValueTask.CompletedTask;
    }
}

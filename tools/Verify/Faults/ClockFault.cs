using Millrace.Verify.Targets;

namespace Millrace.Verify.Faults;

/// <summary>The clock of the machine is set, as standalone and its ClickHouse see it: by libfaketime, which reads the offset from a file.</summary>
internal sealed class ClockFault : IFault
{
    private static readonly TimeSpan _span = TimeSpan.FromSeconds(6);
    private string _file = "";

    public string Name => "clock";

    public string Summary => "the clock jumps an hour back for 6 s, then an hour ahead for 6 s, then is right again";

    public bool IsLast => true;

    public bool Suits(ITarget target) => target is StandaloneTarget;

    public async ValueTask<string?> PrepareAsync(ITarget target, CancellationToken cancellationToken)
    {
        var library = Directory.Exists("/usr/lib") ? Directory.GetDirectories("/usr/lib").Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists) : null;
        if (library is null) return "libfaketime is missing; install it with: apt-get install libfaketime";
        var standalone = (StandaloneTarget)target;
        _file = standalone.Data.TrimEnd(Path.DirectorySeparatorChar) + ".clock";
        standalone.DeleteAtEnd(_file);
        await SetAsync("+0", cancellationToken);
        standalone.Set("LD_PRELOAD", library);
        standalone.Set("FAKETIME_TIMESTAMP_FILE", _file);
        standalone.Set("FAKETIME_CACHE_DURATION", "1");
        // Spans are measured by the monotonic clock, which no administrator can set.
        standalone.Set("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        standalone.Set("DONT_FAKE_MONOTONIC", "1");
        await standalone.StartAgainAsync(null);
        return null;
    }

    public async Task InjectAsync(FaultContext context, CancellationToken cancellationToken)
    {
        context.Clock.Jump();
        foreach (var offset in (string[])["-1h", "+1h"])
        {
            await SetAsync(offset, cancellationToken);
            await FaultContext.LastAsync(_span, cancellationToken);
        }

        await SetAsync("+0", cancellationToken);
    }

    private Task SetAsync(string offset, CancellationToken cancellationToken) => File.WriteAllTextAsync(_file, offset + "\n", cancellationToken);
}

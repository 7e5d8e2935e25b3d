using System.Runtime.InteropServices;
using Millrace.Cli;
using Millrace.Verify;

try
{
    using var stop = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
    return await VerifyCommand.RunAsync(args, stop.Token);

    void Cancel(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
catch (UsageException error)
{
    await Console.Error.WriteLineAsync($"millrace: {error.Message}");
    return 2;
}

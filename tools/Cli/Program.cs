using System.Runtime.InteropServices;
using Millrace.Cli;

try
{
    using var stop = new CancellationTokenSource();
    Console.CancelKeyPress += (_, key) =>
    {
        key.Cancel = true;
        stop.Cancel();
    };
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        stop.Cancel();
    });
    return await Verbs.RunAsync(args.FirstOrDefault() ?? "", args.AsMemory(Math.Min(1, args.Length)), stop.Token);
}
catch (UsageException error)
{
    await Console.Error.WriteLineAsync($"millrace: {error.Message}");
    return 2;
}

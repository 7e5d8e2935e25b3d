using System.Runtime.InteropServices;
using Millrace.Cli;
using Millrace.Cli.Load;
using Millrace.Cli.Services;
using Millrace.Cli.Tokens;

try
{
    var verb = args.Length > 0 ? args[0] : "";
    if (args.AsSpan().Contains("--help"))
    {
        Console.WriteLine(verb switch
        {
            "token" => TokenCommand.Help,
            "services" => ServicesSettings.Help,
            _ => LoadSettings.Help,
        });
        return 0;
    }

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
    return verb switch
    {
        "load" => await new LoadCommand(LoadSettings.Parse(new Arguments(args.AsSpan(1)))).RunAsync(stop.Token),
        "services" => await ServicesCommand.RunAsync(new Arguments(args.AsSpan(1)), stop.Token),
        "token" => await TokenCommand.RunAsync(new Arguments(args.AsSpan(1)), stop.Token),
        _ => throw new UsageException($"there is no verb '{verb}'; load, services and token are"),
    };
}
catch (UsageException error)
{
    await Console.Error.WriteLineAsync($"millrace: {error.Message}");
    return 2;
}

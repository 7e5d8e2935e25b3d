using Millrace.Cli.Flood;
using Millrace.Cli.Load;
using Millrace.Cli.Services;
using Millrace.Cli.Tokens;

namespace Millrace.Cli;

/// <summary>What the program does, by its first argument.</summary>
internal static class Verbs
{
    /// <summary>Runs a verb.</summary>
    /// <exception cref="UsageException">There is no such verb, or its options are wrong.</exception>
    public static async Task<int> RunAsync(string verb, ReadOnlyMemory<string> options, CancellationToken cancellationToken)
    {
        if (!options.Span.Contains("--help")) return await StartAsync(verb, new Arguments(options.Span), cancellationToken);
        Console.WriteLine(verb switch
        {
            "flood" => FloodSettings.Help,
            "token" => TokenCommand.Help,
            "services" => ServicesSettings.Help,
            _ => LoadSettings.Help,
        });
        return 0;
    }

    private static Task<int> StartAsync(string verb, Arguments arguments, CancellationToken cancellationToken) => verb switch
    {
        "flood" => new FloodCommand(FloodSettings.Parse(arguments)).RunAsync(cancellationToken),
        "load" => new LoadCommand(LoadSettings.Parse(arguments)).RunAsync(cancellationToken),
        "services" => ServicesCommand.RunAsync(arguments, cancellationToken),
        "token" => TokenCommand.RunAsync(arguments, cancellationToken),
        _ => throw new UsageException($"there is no verb '{verb}'; flood, load, services and token are"),
    };
}

using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Commands;
using Millrace.Hosting.Faults;
using Millrace.Ports.EventLog;
using Millrace.Ports.Metadata;
using Millrace.Ports.Objects;

namespace Millrace.Hosting;

/// <summary>Runs a host and, when it can't start, says why in one line on standard error.</summary>
public static class HostRunner
{
    /// <summary>Exit code of a start that failed for something that whoever started it can put right.</summary>
    public const int CannotStart = 2;

    // Of the flow that builds the host: tests build several at a time.
    private static readonly AsyncLocal<bool> Printing = new();

    /// <summary>Runs until Ctrl-C, SIGTERM or a stop, and disposes the host.</summary>
    /// <returns>The exit code: 0, <see cref="CannotStart"/>, or 1 for what should never happen.</returns>
    public static Task<int> RunAsync(IHost host) => RunAsync(() => host, Console.Error);

    /// <summary>The same, with the building of the host guarded as well.</summary>
    public static Task<int> RunAsync(Func<IHost> build) => RunAsync(build, Console.Error);

    /// <summary>
    /// The same for a program whose command line may begin with <c>--health [port]</c> (ask the one that runs) or <c>--print-config</c> (show the settings in force).
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="build">Builds the host.</param>
    public static Task<int> RunAsync(string[] args, Func<IHost> build)
    {
        ArgumentNullException.ThrowIfNull(args);
        return HostCommand.Of(args) == HostCommand.Health ? HealthCommand.RunAsync(args, Console.Error) : RunAsync(build, Console.Error, HostCommand.Of(args), Console.Out);
    }

    /// <summary>A command line without the command that <see cref="RunAsync(string[], Func{IHost})"/> looks for.</summary>
    public static string[] WithoutCommand(string[] args) => HostCommand.WithoutCommand(args);

    internal static async Task<int> RunAsync(Func<IHost> build, TextWriter errors, string? command = null, TextWriter? output = null)
    {
        try
        {
            FaultPoint.Check();
            Printing.Value = command == HostCommand.PrintConfiguration;
            using var host = build();
            Configured(host.Services);
            await host.RunAsync();
            return Environment.ExitCode;
        }
        catch (PrintedException printed)
        {
            await output!.WriteLineAsync(printed.Text);
            return 0;
        }
        catch (Exception e)
        {
            if (Explain(e) is { } line)
            {
                await errors.WriteLineAsync("millrace: " + line.ReplaceLineEndings(" "));
                return CannotStart;
            }

            await errors.WriteLineAsync("millrace: " + e);
            return 1;
        }
    }

    /// <summary>
    /// The settings are all there, and nothing has been made of them: validates them, and goes no further where they were to be printed. Called as soon as
    /// there are services; later (the host itself validates, too) constructors, and endpoints that open what they need, would stop at the first bad option.
    /// </summary>
    internal static void Configured(IServiceProvider services)
    {
        services.GetService<IStartupValidator>()?.Validate();
        if (Printing.Value) throw new PrintedException(PrintConfigurationCommand.Print(services));
    }

    /// <summary>The line for an error that is not a bug, else null.</summary>
    internal static string? Explain(Exception exception) => exception switch
    {
        OptionsValidationException options => "the configuration is wrong: " + string.Join(" | ", options.Failures),
        AggregateException { InnerExceptions: { Count: > 0 } inner } when inner.All(e => e is OptionsValidationException) =>
            "the configuration is wrong: " + string.Join(" | ", inner.Cast<OptionsValidationException>().SelectMany(e => e.Failures)),
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        IOException { InnerException: AddressInUseException } e =>
            $"{e.Message.TrimEnd('.')}; stop what runs there or choose another port (Millrace__Http__Port, or --port with ./millrace up).",
        SocketException e => "can't listen: " + e.Message,
        StartException or MetadataDatabaseException or EventLogException or ObjectStoreException => exception.Message,
        _ => null,
    };
}

/// <summary>The host can't start for a reason that whoever started it can put right.</summary>
/// <param name="message">What is wrong and what to do, in one line.</param>
/// <param name="innerException">The cause.</param>
public sealed class StartException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>Ends the building of a host whose settings were only to be printed.</summary>
internal sealed class PrintedException(string text) : Exception
{
    /// <summary>The settings.</summary>
    public string Text { get; } = text;
}

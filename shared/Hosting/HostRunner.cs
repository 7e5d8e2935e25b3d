using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
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

    /// <summary>Runs until Ctrl-C, SIGTERM or a stop, and disposes the host.</summary>
    /// <returns>The exit code: 0, <see cref="CannotStart"/>, or 1 for what should never happen.</returns>
    public static Task<int> RunAsync(IHost host) => RunAsync(() => host, Console.Error);

    /// <summary>The same, with the building of the host guarded as well.</summary>
    public static Task<int> RunAsync(Func<IHost> build) => RunAsync(build, Console.Error);

    internal static async Task<int> RunAsync(Func<IHost> build, TextWriter errors)
    {
        try
        {
            FaultPoint.Check();
            using var host = build();
            // The host validates too, but only after it has made all services, whose constructors would stop at the first bad option.
            host.Services.GetService<IStartupValidator>()?.Validate();
            await host.RunAsync();
            return Environment.ExitCode;
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

using Millrace.Cli;
using Millrace.Verify.Check;
using Millrace.Verify.Report;
using Millrace.Verify.Targets;

namespace Millrace.Verify;

/// <summary>What <c>./millrace verify</c> does: a run for each seed.</summary>
internal static class VerifyCommand
{
    private const int Differences = 1;
    private const int NotReached = 3;

    /// <summary>Runs it.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="UsageException">The options are wrong, or this machine lacks what they need.</exception>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        if (arguments.Contains("--help") || arguments.Contains("-h"))
        {
            Console.WriteLine(VerifySettings.Help);
            return 0;
        }

        var settings = VerifySettings.Parse(new Arguments(arguments));
        var runs = new List<RunReport>();
        for (var seed = settings.FirstSeed; seed <= settings.LastSeed; seed++)
        {
            await using var target = await StartAsync(settings, seed, cancellationToken);
            var run = new VerifyRun(target, settings, seed, text => Console.WriteLine($"  · {text}"));
            try
            {
                runs.Add(await run.RunAsync(cancellationToken));
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync($"millrace: stopped in the run of seed {seed}");
                return Differences;
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // A target that does not come back, or that nobody can look into, is not exact.
                run.Report.Differences.Add(new Difference("target", "stuck", "", "", [], error.Message));
                runs.Add(run.Report);
            }

            ReportWriter.Print(Console.Out, runs[^1]);
            if (settings.Report is not null) await ReportWriter.WriteAsync(settings.Report, runs);
            if (!runs[^1].Exact) await KeepOutputAsync(settings, target, seed);
        }

        return !runs.TrueForAll(run => run.Exact) ? Differences : runs.TrueForAll(run => run.NotReached.Count == 0) ? 0 : NotReached;
    }

    private static async Task<ITarget> StartAsync(VerifySettings settings, int seed, CancellationToken cancellationToken)
    {
        try
        {
            return settings.Target switch
            {
                "standalone" => await StandaloneTarget.StartAsync(DirectoryOf(settings, seed), settings.Tenants),
                "services" => await ServicesTarget.StartAsync(settings.Tenants, cancellationToken),
                _ => await AddressTarget.StartAsync(new Uri(settings.Target), settings.Keys, cancellationToken),
            };
        }
        catch (Exception e) when (e is not OperationCanceledException and not UsageException)
        {
            throw new UsageException($"{settings.Target} can't be examined: {e.Message.TrimStart('$')}");
        }
    }

    // Every seed on fresh data.
    private static string? DirectoryOf(VerifySettings settings, int seed)
    {
        if (settings.Data is null) return null;
        var directory = Path.Combine(Path.GetFullPath(settings.Data), $"seed-{seed}");
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
            throw new UsageException($"{directory} is not empty; verify begins on fresh data");
        return Directory.CreateDirectory(directory).FullName;
    }

    // What the processes said helps to find the cause.
    private static async Task KeepOutputAsync(VerifySettings settings, ITarget target, int seed)
    {
        if (settings.Report is null || target.Output.Length == 0) return;
        var file = $"{settings.Report}.seed-{seed}.log";
        await File.WriteAllTextAsync(file, target.Output);
        Console.WriteLine($"  what the processes wrote last is in {file}");
    }
}

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Millrace.Adapters.EmbeddedClickHouse;

/// <summary>How the child is called.</summary>
internal static class ChildProgram
{
    public const string SecretVariable = "MILLRACE_CLICKHOUSE_SECRET";

    /// <summary>The version that <c>eng/native.sh</c> downloads.</summary>
    public const string LibraryVersion = "26.7.3-stable.1";

    /// <exception cref="FileNotFoundException">The program or its library is not there; the message says what to do.</exception>
    public static ProcessStartInfo Describe(EmbeddedClickHouseOptions options, int port, string secret)
    {
        var program = options.Program ?? Path.Combine(AppContext.BaseDirectory, "clickhouse", "clickhouse-embedded.dll");
        if (!File.Exists(program))
            throw new FileNotFoundException($"The embedded ClickHouse is not at {program}; build the host again, or set Millrace:EmbeddedClickHouse:Program.");
        var library = options.Library ?? FindLibrary()
            ?? throw new FileNotFoundException("libchdb.so is not in the cache; './millrace build' downloads it, or set Millrace:EmbeddedClickHouse:Library.");
        var start = new ProcessStartInfo(Muxer)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { program, "--data", Path.GetFullPath(options.Directory), "--library", library, "--listen", options.Listen, "--port", $"{port}", "--max-memory", $"{options.MaxMemoryBytes}" })
            start.ArgumentList.Add(argument);
        if (options.MetadataFile is { } metadata)
        {
            start.ArgumentList.Add("--metadata");
            start.ArgumentList.Add(Path.GetFullPath(metadata));
        }

        start.Environment[SecretVariable] = secret;
        return start;
    }

    // The "dotnet" that runs this very process: three levels above its runtime's directory.
    private static string Muxer => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    /// <summary>Where <c>./millrace</c> puts the library of the version that this program is made for, or <see langword="null"/> when it is not there.</summary>
    internal static string? FindLibrary()
    {
        var cache = Environment.GetEnvironmentVariable("MILLRACE_CACHE")
            ?? Path.Combine(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "millrace");
        var library = Path.Combine(cache, "chdb", LibraryVersion, "libchdb.so");
        return File.Exists(library) ? library : null;
    }
}

using System.Globalization;
using System.Net;

namespace Millrace.ClickHouse.Embedded;

/// <summary>Reads the command line.</summary>
internal static class CommandLine
{
    /// <summary>Name of the environment variable with the secret: a command line can be read by every user of the machine.</summary>
    public const string SecretVariable = "MILLRACE_CLICKHOUSE_SECRET";

    /// <summary>One line on how to call the program.</summary>
    public const string Usage = "usage: MILLRACE_CLICKHOUSE_SECRET=… clickhouse-embedded --data DIR --library PATH/libchdb.so [--port N] [--listen ADDRESS] "
        + "[--max-memory BYTES] [--metadata PATH] [--max-queries N] [--max-tenants-queries N] [--max-queries-of-a-tenant N] [--tenant-max-seconds N] "
        + "[--tenant-max-rows N] [--tenant-max-memory BYTES] [--disk-patience SECONDS] [--parent-watch on|off]";

    /// <summary>The options, or what is wrong with the arguments.</summary>
    public static (ServerOptions? Options, string? Error) Parse(IReadOnlyList<string> arguments, string? secret)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal)) return Wrong($"unexpected argument '{arguments[i]}'");
            if (i + 1 == arguments.Count) return Wrong($"{arguments[i]} needs a value");
            if (!values.TryAdd(arguments[i], arguments[i + 1])) return Wrong($"{arguments[i]} is given twice");
        }
        if (secret is null || secret.Length < 16) return Wrong($"{SecretVariable} must be set, to at least 16 characters");
        if (!values.Remove("--data", out var data) || data.Length == 0) return Wrong("--data is missing");
        if (!values.Remove("--library", out var library) || library.Length == 0) return Wrong("--library is missing");
        if (!File.Exists(library)) return Wrong($"there is no library '{library}'");
        values.Remove("--metadata", out var metadata);
        var listen = IPAddress.Loopback;
        if (values.Remove("--listen", out var address) && !IPAddress.TryParse(address, out listen)) return Wrong($"--listen '{address}' is no IP address");
        if (values.Remove("--parent-watch", out var watch) && watch is not ("on" or "off")) return Wrong($"--parent-watch must be on or off, not '{watch}'");
        string? error = null;
        var options = new ServerOptions
        {
            DataDirectory = Path.GetFullPath(data),
            LibraryPath = Path.GetFullPath(library),
            Secret = secret,
            ListenAddress = listen!,
            MetadataPath = metadata is null ? null : Path.GetFullPath(metadata),
            WatchesParent = watch != "off",
            Port = (int)Number("--port", 8123, 0, 65535),
            MaxMemoryBytes = Number("--max-memory", 2L << 30, 256L << 20, long.MaxValue),
            DiskPatience = TimeSpan.FromSeconds(Number("--disk-patience", 10, 0, 3600)),
            MaxQueries = (int)Number("--max-queries", 64, 1, 1024),
            MaxTenantsQueries = (int)Number("--max-tenants-queries", 32, 1, 1024),
            MaxQueriesOfATenant = (int)Number("--max-queries-of-a-tenant", 8, 1, 1024),
            TenantLimits = new Engine.TenantLimits
            {
                ExecutionTime = TimeSpan.FromSeconds(Number("--tenant-max-seconds", 30, 1, 86400)),
                ResultRows = Number("--tenant-max-rows", 10_000_000, 1, long.MaxValue),
                MemoryBytes = Number("--tenant-max-memory", 512L << 20, 16L << 20, long.MaxValue),
            },
        };
        if (error is null && values.Count > 0) error = $"unknown option {values.Keys.First()}";
        return error is null ? (options, null) : Wrong(error);

        long Number(string name, long otherwise, long least, long most)
        {
            if (!values.Remove(name, out var text)) return otherwise;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
            error ??= $"{name} must be a number from {least} to {most}, not '{text}'";
            return otherwise;
        }
    }

    private static (ServerOptions?, string) Wrong(string error) => (null, $"clickhouse-embedded: {error} ({Usage})");
}

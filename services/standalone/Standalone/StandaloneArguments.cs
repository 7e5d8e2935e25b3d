using System.Globalization;

namespace Millrace.Standalone;

/// <summary>The command line of <c>./millrace up</c>.</summary>
/// <param name="Port">HTTP and WebSocket port; 0 takes a free one.</param>
/// <param name="ClickHousePort">Port of ClickHouse's HTTP interface; 0 takes a free one.</param>
/// <param name="Data">Directory of everything that is kept.</param>
/// <param name="Demo">Whether to feed the simulated shop.</param>
internal sealed record StandaloneArguments(int Port, int ClickHousePort, string Data, bool Demo)
{
    /// <summary>Reads the command line.</summary>
    /// <returns>The arguments, or what is wrong with them in one line.</returns>
    public static (StandaloneArguments? Arguments, string? Error) Parse(ReadOnlySpan<string> words)
    {
        var result = new StandaloneArguments(8080, 8123, Path.GetFullPath("data"), Demo: false);
        while (words.Length > 0)
        {
            var name = words[0];
            if (name == "--demo")
            {
                result = result with { Demo = true };
                words = words[1..];
                continue;
            }

            if (name is not ("--port" or "--clickhouse-port" or "--data")) return (null, $"unknown option '{name}'; the options are --port, --clickhouse-port, --data and --demo");
            if (words.Length == 1) return (null, $"{name} needs a value");
            var value = words[1];
            words = words[2..];
            if (name == "--data")
            {
                if (value.Length == 0) return (null, "--data needs a directory");
                result = result with { Data = Path.GetFullPath(value) };
                continue;
            }

            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > 65_535)
                return (null, $"{name} takes a port from 0 to 65535, not '{value}'");
            result = name == "--port" ? result with { Port = port } : result with { ClickHousePort = port };
        }

        return (result, null);
    }
}

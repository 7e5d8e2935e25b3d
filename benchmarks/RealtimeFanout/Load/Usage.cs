using System.Globalization;

namespace Millrace.RealtimeFanout.Load;

/// <summary>What a process and its children take, from the system.</summary>
internal static class Usage
{
    // USER_HZ: 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Processor seconds, user and system.</summary>
    public static double CpuSeconds(int pid) => Family(pid).Sum(one =>
    {
        // The name, in brackets, may hold anything.
        var stat = File.ReadAllText($"/proc/{one}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    });

    /// <summary>Resident memory in bytes; what several share is divided among them.</summary>
    public static long Memory(int pid) => Family(pid).Sum(one =>
        Number(File.ReadLines($"/proc/{one}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024);

    private static IEnumerable<int> Family(int pid) => Directory.EnumerateDirectories($"/proc/{pid}/task")
        .SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(child => (int)Number(child)).Distinct().SelectMany(Family).Prepend(pid);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

using System.Diagnostics;

namespace Millrace.Installations;

/// <summary>Looks at processes through /proc.</summary>
internal static class Processes
{
    public static List<int> ChildrenOf(int parent) =>
        [.. Directory.EnumerateDirectories($"/proc/{parent}/task").SelectMany(task => File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse)];

    /// <summary>A zombie that nobody has waited for counts as gone.</summary>
    public static bool IsAlive(int process)
    {
        try
        {
            return !File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].TrimStart().StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>A variable of a process's environment; null where it has none of that name.</summary>
    public static string? VariableOf(int process, string name) => File.ReadAllText($"/proc/{process}/environ").Split('\0')
        .Where(entry => entry.StartsWith(name + "=", StringComparison.Ordinal)).Select(entry => entry[(name.Length + 1)..]).FirstOrDefault();

    /// <summary>SIGKILL for one process and none of its children.</summary>
    public static void KillAlone(int process)
    {
        using var kill = Process.Start("kill", ["-KILL", $"{process}"]);
        kill.WaitForExit();
    }

    public static long ResidentBytes(int process) =>
        long.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024;
}

using Millrace.Testing;

namespace Millrace.ClickHouse.Embedded.Tests.Support;

/// <summary>libchdb in the user's cache.</summary>
internal static class EngineLibrary
{
    private static readonly string _library = Path.Combine(
        Environment.GetEnvironmentVariable("MILLRACE_CACHE") ?? Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "millrace"),
        "chdb", "26.7.3-stable.1", "libchdb.so");

    public static string RequireOrSkip()
    {
        TestEnvironment.RequireOrSkip(File.Exists(_library), $"{_library} is missing; ./millrace build downloads it");
        return _library;
    }
}

namespace Millrace.Installations;

/// <summary>Where things are.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Standalone => Path.Combine(Root, "artifacts", "bin", "Millrace.Standalone", Configuration, "Millrace.Standalone.dll");

    /// <summary>Where the build puts programs.</summary>
    public static string Programs => Path.Combine(Root, "artifacts", "bin");

    public static string Cli => Path.Combine(Programs, "Millrace.Cli", Configuration, "Millrace.Cli.dll");

    public static string Clients(string name) => Path.Combine(Root, "tests", "clients", name);

    private static string Configuration => Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Millrace.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"No Millrace.slnx above {AppContext.BaseDirectory}");
    }
}

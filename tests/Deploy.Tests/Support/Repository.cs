namespace Millrace.Deploy.Tests.Support;

/// <summary>Files of the repository.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Kubernetes { get; } = Path.Combine(Root, "deploy", "k8s");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Millrace.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"No Millrace.slnx above {AppContext.BaseDirectory}");
    }
}

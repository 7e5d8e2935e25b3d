namespace Millrace.Hosting.Bootstrap;

/// <summary>A secret in a file that only its owner can read (mode 0600).</summary>
internal static class KeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void Write(string path, string secret)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory)
            Directory.CreateDirectory(directory);
        // A file made anew: the mode of one that exists already would stay what it is.
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using var writer = new StreamWriter(path, options);
        writer.WriteLine(secret);
    }

    public static string? Read(string path) => File.Exists(path) && File.ReadLines(path).FirstOrDefault() is { Length: > 0 } secret ? secret : null;
}

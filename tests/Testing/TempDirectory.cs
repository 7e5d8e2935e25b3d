namespace Millrace.Testing;

/// <summary>A directory of its own under the system's temporary one, deleted on dispose.</summary>
public sealed class TempDirectory : IDisposable
{
    /// <summary>Creates it.</summary>
    public TempDirectory() => Path = Directory.CreateTempSubdirectory("millrace-test-").FullName;

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>A path below it.</summary>
    public string File(params string[] segments) => System.IO.Path.Combine([Path, .. segments]);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}

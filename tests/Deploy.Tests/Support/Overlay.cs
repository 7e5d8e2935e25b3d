using System.Collections.Concurrent;
using System.Diagnostics;
using Xunit;

namespace Millrace.Deploy.Tests.Support;

/// <summary>An overlay as <c>kubectl kustomize</c> renders it.</summary>
internal sealed class Overlay
{
    private static readonly ConcurrentDictionary<string, Lazy<Overlay>> Known = new(StringComparer.Ordinal);

    private Overlay(string name, string text)
    {
        Name = name;
        Objects = [.. Yaml.Parse(text).Select(json => new Manifest(json))];
    }

    /// <summary>All overlays.</summary>
    public static TheoryData<string> Names => [.. Directory.EnumerateDirectories(Path.Combine(Repository.Kubernetes, "overlays")).Select(folder => Path.GetFileName(folder)).Order()];

    public string Name { get; }

    public IReadOnlyList<Manifest> Objects { get; }

    public IEnumerable<Manifest> Workloads => Objects.Where(found => found.IsWorkload);

    /// <summary>The five services.</summary>
    public IEnumerable<Manifest> Services => Objects.Where(found => found.IsService);

    public IEnumerable<Manifest> OfKind(string kind) => Objects.Where(found => found.Kind == kind);

    public Manifest? Find(string kind, string? name) => Objects.SingleOrDefault(found => found.Kind == kind && found.Name == name);

    /// <summary>Renders it, once; the test is skipped where no kubectl is.</summary>
    public static Overlay Render(string name)
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "kubectl")).FirstOrDefault(File.Exists);
        // Debian has 1.20, which knows no components, and no package registry in use here has another: a machine may be without it.
        Assert.SkipWhen(program is null, "kubectl (1.21 or later) is not on PATH");
        return Known.GetOrAdd(name, key => new Lazy<Overlay>(() => new Overlay(key, Run(program!, Path.Combine(Repository.Kubernetes, "overlays", key))))).Value;
    }

    private static string Run(string program, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var said = errors.GetAwaiter().GetResult();
        // Warnings as well: what is deprecated stops working some day.
        Assert.True(process.ExitCode == 0 && said.Length == 0, $"kubectl kustomize {folder} ended with {process.ExitCode}: {said}");
        return output;
    }
}

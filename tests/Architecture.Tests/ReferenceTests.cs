using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>Who may know whom.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<Layer, Layer[]> Allowed = new()
    {
        [Layer.Contracts] = [],
        [Layer.Ports] = [Layer.Contracts],
        [Layer.Hosting] = [Layer.Contracts, Layer.Ports],
        [Layer.Adapter] = [Layer.Contracts, Layer.Ports, Layer.Hosting],
        [Layer.Service] = [Layer.Contracts, Layer.Ports, Layer.Hosting],
        [Layer.Host] = [Layer.Contracts, Layer.Ports, Layer.Hosting, Layer.Adapter, Layer.Service],
        [Layer.Standalone] = [Layer.Contracts, Layer.Ports, Layer.Hosting, Layer.Adapter, Layer.Service],
        [Layer.Tool] = [Layer.Contracts, Layer.Ports, Layer.Hosting, Layer.Adapter],
        [Layer.Tests] =
            [Layer.Contracts, Layer.Ports, Layer.Hosting, Layer.Adapter, Layer.Service, Layer.Host, Layer.Standalone, Layer.Tool, Layer.Tests],
        [Layer.Benchmarks] = [Layer.Contracts, Layer.Ports, Layer.Hosting, Layer.Adapter, Layer.Service, Layer.Host, Layer.Benchmarks],
    };

    [Fact]
    public void Project_references_only_what_its_layer_may_know()
    {
        var violations = new Violations("Who may know whom (CONTRIBUTING.md).");
        foreach (var project in Repository.Projects)
        {
            if (project.Layer == Layer.Unset)
            {
                violations.Add(project.Path, 1, "this folder has no layer: move the project below services, shared, tests, tools or benchmarks.");
                continue;
            }

            foreach (var reference in project.References.Where(reference => !reference.OnlyBuilt))
            {
                if (Repository.Projects.FirstOrDefault(other => other.Path == reference.Target) is not { } target)
                    violations.Add(project.Path, reference.Line, $"there is no project {reference.Target}.");
                else if (!Allowed[project.Layer].Contains(target.Layer) && !IsVerifier(project, target))
                    violations.Add(project.Path, reference.Line, $"{project.Layer} must not know {target.Layer} ({target.Name}): go through a port, or wire it in a host.");
                else if (IsForeignService(project, target))
                    violations.Add(project.Path, reference.Line, $"a host knows its own service only, not {target.Name}.");
            }
        }

        violations.Verify();
    }

    [Fact]
    public void Adapter_uses_at_most_one_vendor_library()
    {
        var violations = new Violations("An adapter wraps one vendor library.");
        foreach (var adapter in Repository.Projects.Where(project => project.Layer == Layer.Adapter))
        {
            foreach (var package in adapter.Packages.Where(package => !package.IsPrivate).Skip(1))
                violations.Add(adapter.Path, package.Line, $"{package.Name} is the second vendor library: make it an adapter of its own.");
        }

        violations.Verify();
    }

    [Fact]
    public void Service_uses_no_library_that_an_adapter_wraps()
    {
        var vendors = Repository.Projects.Where(project => project.Layer == Layer.Adapter)
            .SelectMany(project => project.Packages).Select(package => package.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var violations = new Violations("Vendor libraries stay in adapters.");
        foreach (var project in Repository.Projects.Where(project => project.Layer is Layer.Service or Layer.Contracts or Layer.Ports or Layer.Hosting))
        {
            foreach (var package in project.Packages.Where(package => vendors.Contains(package.Name)))
                violations.Add(project.Path, package.Line, $"{package.Name} belongs to an adapter: speak to the port.");
        }

        violations.Verify();
    }

    [Fact]
    public void Host_program_is_wiring_only()
    {
        const int limit = 40;
        var violations = new Violations($"A host's Program.cs has at most {limit} lines.");
        foreach (var source in Repository.Sources.Where(source => source.Path.EndsWith("/Program.cs", StringComparison.Ordinal)))
        {
            if (Repository.ProjectOf(source.Path)?.Layer is Layer.Host or Layer.Standalone or Layer.Tool && source.Lines > limit)
                violations.Add(source.Path, limit + 1, $"{source.Lines} lines: move what is more than wiring into the library.");
        }

        violations.Verify();
    }

    // The checker starts installations on the servers that the tests use.
    private static bool IsVerifier(Project project, Project target) => project.Name == "Millrace.Verify" && target.Layer == Layer.Tests;

    // services/clickhouse-embedded is a host without a service library of its own.
    private static bool IsForeignService(Project project, Project target) =>
        project.Layer == Layer.Host && target.Layer == Layer.Service && project.Name != target.Name + ".Host";
}

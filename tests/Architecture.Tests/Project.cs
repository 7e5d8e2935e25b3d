using System.Xml.Linq;

namespace Millrace.Architecture.Tests;

/// <summary>A project file as far as the rules look at it.</summary>
internal sealed record Project(string Path, string Folder, string Name, Layer Layer, IReadOnlyList<Reference> References, IReadOnlyList<Package> Packages)
{
    /// <summary>Name without the house's: <c>Ingest</c>, <c>Adapters.Sqlite</c>.</summary>
    public string ShortName => Name["Millrace.".Length..];

    public static Project Load(string path)
    {
        var folder = path[..path.LastIndexOf('/')];
        var document = XDocument.Load(Repository.FullPath(path), LoadOptions.SetLineInfo);
        var references = document.Descendants("ProjectReference").Select(element => new Reference(
            Normalize(folder + "/" + (string)element.Attribute("Include")!),
            string.Equals((string?)element.Attribute("ReferenceOutputAssembly"), "false", StringComparison.OrdinalIgnoreCase),
            Line(element)));
        var packages = document.Descendants("PackageReference").Select(element => new Package(
            (string?)element.Attribute("Include") ?? (string)element.Attribute("Update")!,
            (string?)element.Attribute("Version") ?? (string?)element.Attribute("VersionOverride") ?? (string?)element.Element("Version"),
            string.Equals((string?)element.Attribute("PrivateAssets"), "all", StringComparison.OrdinalIgnoreCase),
            Line(element)));
        var name = System.IO.Path.GetFileNameWithoutExtension(path);
        return new Project(path, folder, name, LayerOf(path, name), [.. references], [.. packages]);
    }

    public static int Line(XElement element) => ((System.Xml.IXmlLineInfo)element).LineNumber;

    private static Layer LayerOf(string path, string name) => path.Split('/') switch
    {
        ["shared", "Contracts", ..] => Layer.Contracts,
        ["shared", "Ports", ..] => Layer.Ports,
        ["shared", "Hosting", ..] => Layer.Hosting,
        ["shared", "adapters", ..] => Layer.Adapter,
        ["services", "standalone", ..] => Layer.Standalone,
        ["services", "clickhouse-embedded", ..] => Layer.Host,
        ["services", ..] => name.EndsWith(".Host", StringComparison.Ordinal) ? Layer.Host : Layer.Service,
        ["tests", ..] => Layer.Tests,
        ["benchmarks", ..] => Layer.Benchmarks,
        ["tools", ..] => Layer.Tool,
        _ => Layer.Unset,
    };

    private static string Normalize(string path)
    {
        var segments = new List<string>();
        foreach (var segment in path.Replace('\\', '/').Split('/'))
        {
            if (segment == "..") segments.RemoveAt(segments.Count - 1);
            else if (segment is not ("." or "")) segments.Add(segment);
        }

        return string.Join('/', segments);
    }
}

/// <summary>A reference to another project; one that is only built, not linked, is no knowledge of it.</summary>
internal sealed record Reference(string Target, bool OnlyBuilt, int Line);

/// <summary>A reference to a package.</summary>
internal sealed record Package(string Name, string? Version, bool IsPrivate, int Line);

/// <summary>What a project is, by its folder.</summary>
internal enum Layer
{
    Unset = 0,
    Contracts,
    Ports,
    Hosting,
    Adapter,
    Service,
    Host,
    Standalone,
    Tool,
    Tests,
    Benchmarks,
}

using System.Text;
using Millrace.Adapters.FileSystem;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Ports.Objects;

namespace Millrace.Fuzz.Targets;

/// <summary>Keys of objects as file names: no key may lead out of its folder, and no two keys to one file.</summary>
internal sealed class ObjectKeyTarget : Target
{
    private const string Root = "/srv/objects";
    private static readonly byte[][] Words = [.. new[] { "../", "..", ".", "/", "//", "\\", "%2E", "%2e", "%", "%25", "\0", "~", ":", "CON", "tenant=", "\u202e", "．．", "a.meta" }.Select(Encoding.UTF8.GetBytes)];

    private string _key = "";
    private string? _path;

    public override string Name => "object-key";

    public override byte[] Make(Source source)
    {
        var key = string.Join('/', Enumerable.Range(0, source.Between(1, 5)).Select(_ => source.Once(8) ? source.Of(["..", ".", "", "%2E%2E", "...", "~"]) : source.Word(source.Length(230, 255)) + source.Of(["", "", ".gz", ".", "%"])));
        var bytes = Encoding.UTF8.GetBytes(key);
        return source.Once(3) ? bytes : Mutator.Damage(bytes, source, Words);
    }

    public override bool Parse(byte[] input)
    {
        _key = Encoding.UTF8.GetString(input);
        _path = null;
        try
        {
            _path = ObjectPath.Of(_key);
        }
        catch (Exception e) when (e is ObjectStoreException or ArgumentException)
        {
            return false;
        }

        return true;
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (_path is not { } path) return;
        var full = Path.GetFullPath(Path.Combine(Root, path));
        Require.Same(Root + "/" + path, full, "the file");
        Require.That(!path.Contains('\0', StringComparison.Ordinal), "a file name with a NUL");
        var segments = path.Split('/');
        Require.That(segments.All(segment => segment is not ("" or "." or "..")), "a segment that means another folder");
        var key = string.Join('/', segments.Select((segment, i) => i < segments.Length - 1 ? ObjectPath.DirectoryKey(segment) : ObjectPath.LeafKey(segment)));
        Require.Same(_key, key, "the key, read back from the file's name");
    }
}

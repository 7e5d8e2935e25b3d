using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.Archiver.Objects;

/// <summary>
/// What a cut put into the store. It is written after all of its objects: objects that no manifest names are of a cut that is not complete.
/// It holds nothing that a repetition would have otherwise, so a redone cut has the same manifest.
/// </summary>
/// <param name="Version">2; manifests of version 1 have no checksum.</param>
/// <param name="Topic">Topic of the log.</param>
/// <param name="Partition">Partition.</param>
/// <param name="Epoch">Life of the topic.</param>
/// <param name="First">Offset of the cut's first record.</param>
/// <param name="Last">Offset of its last.</param>
/// <param name="Rows">Events.</param>
/// <param name="Objects">The cut's objects.</param>
/// <param name="Checksum">SHA-256, in lower-case hexadecimal, of these bytes without this last field.</param>
internal sealed record Manifest(
    int Version, string Topic, int Partition, string Epoch, long First, long Last, long Rows, IReadOnlyList<ManifestObject> Objects, string? Checksum = null)
{
    /// <summary>The version that is written.</summary>
    public const int Newest = 2;
}

/// <summary>One object of a cut.</summary>
internal sealed record ManifestObject(
    string Key, string Tenant, string Stream, long Rows, long Size, string Sha256, string MinTime, string MaxTime);

/// <summary>JSON of manifests.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    /// <summary>A manifest's bytes, with its checksum.</summary>
    public static byte[] Write(Manifest manifest) => ToBytes(manifest with { Checksum = ChecksumOf(manifest) });

    /// <summary>Reads a manifest and checks that it is what was written, byte for byte.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <returns>The manifest; <see langword="null"/> when it is damaged, or of a version that this program does not know.</returns>
    public static Manifest? TryRead(byte[] bytes, out string? problem)
    {
        problem = null;
        try
        {
            var found = JsonSerializer.Deserialize(bytes, Default.Manifest);
            if (found is not { Topic: not null, Epoch: not null, Objects: not null } || found.Objects.Any(one => one is null)) problem = "it is no manifest";
            else if (found.Version is < 1 or > Objects.Manifest.Newest) problem = $"its version is {found.Version}, and {Objects.Manifest.Newest} is the newest that is known here";
            else if (found.Version > 1 && found.Checksum != ChecksumOf(found)) problem = "its checksum is wrong";
            // What parses to the same may still have been changed: names of fields in another case, blanks.
            else if (!bytes.AsSpan().SequenceEqual(ToBytes(found))) problem = "its bytes are not those that were written";
            else if (found.Rows != found.Objects.Sum(one => one.Rows)) problem = "its rows are not the sum of its objects'";
            return problem is null ? found : null;
        }
        catch (JsonException e)
        {
            problem = e.Message;
            return null;
        }
    }

    private static string ChecksumOf(Manifest manifest) => Convert.ToHexStringLower(SHA256.HashData(ToBytes(manifest with { Checksum = null })));

    private static byte[] ToBytes(Manifest manifest) => JsonSerializer.SerializeToUtf8Bytes(manifest, Default.Manifest);
}

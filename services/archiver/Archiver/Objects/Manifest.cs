using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.Archiver.Objects;

/// <summary>
/// What a cut put into the store. It is written after all of its objects: objects that no manifest names are of a cut that is not complete.
/// It holds nothing that a repetition would have otherwise, so a redone cut has the same manifest.
/// </summary>
internal sealed record Manifest(
    int Version, string Topic, int Partition, string Epoch, long First, long Last, long Rows, IReadOnlyList<ManifestObject> Objects);

/// <summary>One object of a cut.</summary>
internal sealed record ManifestObject(
    string Key, string Tenant, string Stream, long Rows, long Size, string Sha256, string MinTime, string MaxTime);

/// <summary>JSON of manifests.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext
{
    /// <summary>A manifest's bytes.</summary>
    public static byte[] Write(Manifest manifest) => JsonSerializer.SerializeToUtf8Bytes(manifest, Default.Manifest);

    /// <summary>Reads a manifest.</summary>
    public static async Task<Manifest?> ReadAsync(Stream stream, CancellationToken cancellationToken) =>
        await JsonSerializer.DeserializeAsync(stream, Default.Manifest, cancellationToken);
}

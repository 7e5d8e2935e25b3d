using System.Text.Json;

namespace Millrace.RealtimeGateway.Channels;

/// <summary>
/// What subscriptions may filter by: what a publication was tagged with, and of a document of the pipeline its plain fields (<c>type</c>, <c>key</c>,
/// <c>severity</c>, <c>count</c>, …) and those of its <c>dims</c> and <c>labels</c>.
/// </summary>
internal static class PublicationTags
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>The tags.</summary>
    /// <param name="publication">The publication.</param>
    /// <param name="ofPipeline">Whether it is a document of the pipeline.</param>
    public static IReadOnlyDictionary<string, string> Of(Publication publication, bool ofPipeline)
    {
        if (!ofPipeline) return publication.Tags ?? None;
        using var document = JsonDocument.Parse(publication.Data);
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in document.RootElement.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Object && (field.NameEquals("dims"u8) || field.NameEquals("labels"u8)))
            {
                foreach (var inner in field.Value.EnumerateObject()) tags.TryAdd(inner.Name, Text(inner.Value));
            }
            else if (field.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null))
            {
                tags[field.Name] = Text(field.Value);
            }
        }

        return tags;
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}

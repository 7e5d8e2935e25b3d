using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Deploy.Tests.Support;

/// <summary>Short ways through manifests.</summary>
internal static class Nodes
{
    extension(JsonNode? node)
    {
        /// <summary>What stands at a path of names and indexes, such as <c>spec/rules/0/host</c>, or null.</summary>
        public JsonNode? At(string path)
        {
            foreach (var step in path.Split('/'))
            {
                node = node switch
                {
                    JsonObject map => map[step],
                    JsonArray list when int.TryParse(step, out var index) && index < list.Count => list[index],
                    _ => null,
                };
            }

            return node;
        }

        /// <summary>The text at a path; numbers and truth values as they are written.</summary>
        public string? Text(string path) => node.At(path) switch
        {
            null => null,
            JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
            var other => other.ToJsonString(),
        };

        public long? Number(string path) => node.Text(path) is { } text ? long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;

        /// <summary>The entries of the list at a path; none where there is none.</summary>
        public IEnumerable<JsonNode> List(string path) => node.At(path) is JsonArray list ? list.OfType<JsonNode>() : [];

        /// <summary>The texts of the map at a path.</summary>
        public IReadOnlyDictionary<string, string> Map(string path) => node.At(path) is JsonObject map
            ? map.ToDictionary(pair => pair.Key, pair => Plain(pair.Value))
            : new Dictionary<string, string>();
    }

    private static string Plain(JsonNode? value) => value is JsonValue text && text.TryGetValue<string>(out var written) ? written : value?.ToJsonString() ?? "";
}

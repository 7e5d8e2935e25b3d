using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Hosting.Configuration;

namespace Millrace.Hosting.Commands;

/// <summary>
/// <c>--print-config</c>: the settings of this host as they are in force, defaults included, in the form of <c>appsettings.json</c>. Secrets that are set read
/// <c>***</c>.
/// </summary>
internal static class PrintConfigurationCommand
{
    private const string Masked = "***";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Print(IServiceProvider services) => Describe(services).ToJsonString(Format);

    private static JsonObject Describe(IServiceProvider services)
    {
        var sections = new JsonObject();
        foreach (var bound in services.GetServices<BoundSection>().DistinctBy(bound => bound.Name).OrderBy(bound => bound.Name, StringComparer.Ordinal))
            sections[bound.Name] = Describe(bound.Name, bound.Read(services));
        return new JsonObject { [OptionsExtensions.Root] = sections };
    }

    private static JsonNode? Describe(string name, object? value) => value switch
    {
        null => null,
        string text => JsonValue.Create(text.Length > 0 && SecretNames.IsSecret(name) ? Masked : text),
        IDictionary map => new JsonObject(map.Keys.Cast<object>().Select(key => KeyValuePair.Create($"{key}", Describe($"{key}", map[key])))),
        IEnumerable list => new JsonArray([.. list.Cast<object?>().Select(item => Describe("", item))]),
        _ => Plain(value),
    };

    private static JsonNode? Plain(object value) => value switch
    {
        bool flag => JsonValue.Create(flag),
        int or long or short or double or float => JsonValue.Create(Convert.ToDecimal(value, CultureInfo.InvariantCulture)),
        TimeSpan or Enum => JsonValue.Create(value.ToString()),
        Uri address => JsonValue.Create(address.OriginalString),
        _ => new JsonObject(value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite || (property.PropertyType != typeof(string) && typeof(IEnumerable).IsAssignableFrom(property.PropertyType)))
            .Select(property => KeyValuePair.Create(property.Name, Describe(property.Name, property.GetValue(value))))),
    };
}

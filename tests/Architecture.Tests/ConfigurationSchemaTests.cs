using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Millrace.Architecture.Tests;

/// <summary>docs/appsettings.schema.json, for editors, is what the options say. With MILLRACE_WRITE_DOCS=1 it is written anew.</summary>
public sealed class ConfigurationSchemaTests
{
    private const string Page = "docs/appsettings.schema.json";

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What the hosts offer, by AddAdapter.
    private static readonly Dictionary<string, string[]> Adapters = new(StringComparer.Ordinal)
    {
        ["EventLog"] = ["fasterlog", "kafka"],
        ["Metadata"] = ["sqlite", "postgres"],
        ["Notifications"] = ["memory", "rabbitmq"],
        ["Objects"] = ["files", "s3"],
        ["ClickHouse"] = ["http"],
    };

    [Fact]
    public void Schema_has_every_setting_and_no_other()
    {
        var written = Write().ToJsonString(Format) + "\n";
        var path = Repository.FullPath(Page);
        if (Environment.GetEnvironmentVariable("MILLRACE_WRITE_DOCS") == "1") File.WriteAllText(path, written);
        Assert.True(File.Exists(path) && File.ReadAllText(path) == written, $"{Page} is stale; run: MILLRACE_WRITE_DOCS=1 ./millrace test Architecture");
    }

    [Fact]
    public void Schema_offers_the_adapters_that_hosts_know()
    {
        foreach (var source in Repository.Sources.Where(source => source.Path.EndsWith(".Host/Program.cs", StringComparison.Ordinal)))
        {
            foreach (var (port, names) in Adapters.Where(pair => source.Text.Contains($"\"{pair.Key}\"", StringComparison.Ordinal)))
                Assert.All(names, name => Assert.Contains($"(\"{name}\", ", source.Text, StringComparison.Ordinal));
        }
    }

    private static JsonObject Write()
    {
        var sections = Object();
        sections["description"] = "Settings of Millrace; see docs/configuration.md.";
        var adapters = Object();
        foreach (var (port, names) in Adapters) adapters["properties"]![port] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. names.Select(name => (JsonNode)name)]) };
        sections["properties"]!["Adapters"] = adapters;
        foreach (var section in OptionsScanner.Sections)
        {
            foreach (var setting in section.Settings) Put(sections, setting.Path.Split(':').AsSpan(1), setting);
            sections["properties"]![section.Name]!["description"] = section.Summary;
        }

        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "appsettings.json of Millrace",
            ["type"] = "object",
            ["properties"] = new JsonObject { ["Millrace"] = sections },
        };
    }

    private static void Put(JsonObject parent, ReadOnlySpan<string> steps, Setting setting)
    {
        var last = steps.Length == 1;
        var (holder, key) = steps[0] switch
        {
            "<n>" => (parent, "items"),
            "<name>" => (parent, "additionalProperties"),
            var name => ((JsonObject)parent["properties"]!, name),
        };
        if (last)
        {
            holder[key] = Leaf(setting);
            return;
        }

        if (holder[key] is not JsonObject child)
        {
            child = steps[1] switch
            {
                "<n>" => new JsonObject { ["type"] = "array" },
                "<name>" => new JsonObject { ["type"] = "object" },
                _ => Object(),
            };
            holder[key] = child;
        }

        Put(child, steps[1..], setting);
    }

    private static JsonObject Object() => new() { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = new JsonObject() };

    private static JsonObject Leaf(Setting setting)
    {
        var leaf = new JsonObject { ["description"] = setting.Summary };
        var type = setting.Type switch { "whole number" => "integer", "number" => "number", "true or false" => "boolean", _ => "string" };
        // What is not set is null.
        leaf["type"] = new JsonArray(type, "null");
        if (setting.Type == "time span") leaf["pattern"] = @"^(\d+\.)?\d{1,2}:\d{2}(:\d{2}(\.\d{1,7})?)?$";
        if (setting.Type == "URL") leaf["format"] = "uri";
        if (setting.Choices.Count > 0) leaf["enum"] = new JsonArray([.. setting.Choices.Select(choice => (JsonNode)choice), null]);
        if (type == "integer" && setting.Range.Split(" to ") is [var low, var high])
        {
            if (Number(low) is { } least) leaf["minimum"] = least;
            if (Number(high) is { } most) leaf["maximum"] = most;
        }

        return leaf;
    }

    // As docs/configuration.md writes them: 1,000 or 64 Mi.
    private static long? Number(string text)
    {
        var parts = text.Split(' ');
        if (!long.TryParse(parts[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number)) return null;
        return parts.ElementAtOrDefault(1) switch { null => number, "Ki" => number << 10, "Mi" => number << 20, "Gi" => number << 30, "Ti" => number << 40, _ => null };
    }
}

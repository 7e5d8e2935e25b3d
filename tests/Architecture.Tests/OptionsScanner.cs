using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Millrace.Architecture.Tests;

/// <summary>Reads every setting under <c>Millrace:</c> out of the sources: who binds which class to which section, and what its properties say.</summary>
internal static partial class OptionsScanner
{
    /// <summary>The sections in the order of their names, with their settings in the order of the source.</summary>
    public static IReadOnlyList<Section> Sections { get; } = [.. Find().OrderBy(section => section.Name, StringComparer.Ordinal)];

    private static IEnumerable<Section> Find()
    {
        foreach (var source in Repository.Sources.Where(source => Repository.ProjectOf(source.Path)?.Layer is not (Layer.Tests or Layer.Benchmarks or null)))
        {
            foreach (Match match in Binding().Matches(source.Text))
            {
                var type = match.Groups["type"].Value;
                var found = FindClass(type, source.Path)
                    ?? throw new InvalidOperationException($"{source.Path}:{source.LineAt(match.Index)}: there is no class {type} in this project.");
                var name = match.Groups["name"].Success
                    ? match.Groups["name"].Value
                    : SectionConstant().Match(found.Source.Text) is { Success: true } constant
                        ? constant.Groups["name"].Value
                        : throw new InvalidOperationException($"{source.Path}:{source.LineAt(match.Index)}: give the section as a literal, or as a constant Section of {type}.");
                yield return new Section(name, found.Source.Path, found.Summary, [.. Settings(found, $"Millrace:{name}", 0)]);
            }
        }
    }

    private static IEnumerable<Setting> Settings(OptionsClass options, string prefix, int depth)
    {
        foreach (Match match in Property().Matches(options.Body))
        {
            var type = match.Groups["type"].Value;
            var path = $"{prefix}:{match.Groups["name"].Value}";
            var summary = Plain(match.Groups["summary"].Value);
            var inner = ElementOf(type);
            if (depth < 4 && FindClass(inner.TrimEnd('?'), options.Source.Path) is { } nested)
            {
                var below = type == inner ? path : type.Contains("Dictionary", StringComparison.Ordinal) ? path + ":<name>" : path + ":<n>";
                foreach (var setting in Settings(nested, below, depth + 1)) yield return setting;
            }
            else
            {
                var shown = type == inner ? path : type.Contains("Dictionary", StringComparison.Ordinal) ? path + ":<name>" : path + ":<n>";
                yield return new Setting(shown, TypeName(inner), summary, RangeOf(match.Groups["attributes"].Value), options.Source.Path, options.Source.LineAt(options.Offset + match.Index)) { Choices = ChoicesOf(inner.TrimEnd('?')) };
            }
        }
    }

    private static OptionsClass? FindClass(string name, string near)
    {
        var project = Repository.ProjectOf(near);
        foreach (var source in Repository.Sources.Where(source => Repository.ProjectOf(source.Path) == project))
        {
            var match = Regex.Match(source.Text, $@"(?<doc>(?:^[ ]*///.*\n)*)(?:^[ ]*\[.*\]\s*\n)*^public sealed (?:class|record) {Regex.Escape(name)}\b[^{{;]*\{{", RegexOptions.Multiline);
            if (!match.Success) continue;
            var end = source.Text.IndexOf("\n}", match.Index, StringComparison.Ordinal);
            return new OptionsClass(source, match.Index + match.Length, source.Text[(match.Index + match.Length)..end], Plain(match.Groups["doc"].Value));
        }

        return null;
    }

    private static IReadOnlyList<string> ChoicesOf(string type)
    {
        if (TypeName(type) != "choice") return [];
        var match = Repository.Sources.Select(source => Regex.Match(source.Text, $@"\benum {Regex.Escape(type)}\s*(?::\s*\w+\s*)?\{{(?<body>[^}}]*)\}}")).FirstOrDefault(match => match.Success);
        return match is null ? [] : [.. EnumMember().Matches(match.Groups["body"].Value).Select(member => member.Groups["name"].Value)];
    }

    private static string ElementOf(string type) => Element().Match(type) is { Success: true } match ? match.Groups["element"].Value : type;

    private static string TypeName(string type) => type.TrimEnd('?') switch
    {
        "string" => "text",
        "int" or "long" or "short" => "whole number",
        "double" or "float" => "number",
        "bool" => "true or false",
        "TimeSpan" => "time span",
        "Uri" => "URL",
        _ => "choice",
    };

    private static string RangeOf(string attributes)
    {
        var match = Range().Match(attributes);
        return match.Success ? $"{Bound(match.Groups["low"].Value)} to {Bound(match.Groups["high"].Value)}" : "";
    }

    // Constants are written as C# writes them: 64L << 20, 16 * 1024, 1_000.
    private static string Bound(string expression)
    {
        var text = expression.Trim().Replace("_", "", StringComparison.Ordinal).Replace("int.MaxValue", "2147483647", StringComparison.Ordinal);
        if (!Constant().IsMatch(text)) return expression.Trim();
        var shift = text.Split("<<");
        var value = shift[0].Split('*').Aggregate(1L, (product, factor) => product * Number(factor));
        if (shift.Length == 2) value <<= (int)Number(shift[1]);
        return text.Contains('<', StringComparison.Ordinal) || text.Contains('*', StringComparison.Ordinal) ? Size(value) : $"{value:#,0}";
    }

    private static long Number(string text) => long.Parse(text.Trim().TrimEnd('L'), CultureInfo.InvariantCulture);

    private static string Size(long value) => value switch
    {
        _ when value % (1L << 40) == 0 => $"{value >> 40} Ti",
        _ when value % (1L << 30) == 0 => $"{value >> 30} Gi",
        _ when value % (1L << 20) == 0 => $"{value >> 20} Mi",
        _ when value % (1L << 10) == 0 => $"{value >> 10} Ki",
        _ => $"{value:#,0}",
    };

    /// <summary>A doc comment as Markdown.</summary>
    private static string Plain(string comment)
    {
        var text = Regex.Replace(comment, @"^\s*///\s?", "", RegexOptions.Multiline);
        if (Summary().Match(text) is { Success: true } summary) text = summary.Groups["text"].Value;
        text = Regex.Replace(text, @"<c>(.*?)</c>", "`$1`", RegexOptions.Singleline);
        text = Regex.Replace(text, "<see langword=\"null\"/>", "unset");
        text = Regex.Replace(text, "<(?:see|paramref) (?:cref|langword|name)=\"(?:[^\"]*\\.)?([^\".]+)\"\\s*/>", "`$1`");
        text = Regex.Replace(text, "<[^>]+>", "");
        return Regex.Replace(WebUtility.HtmlDecode(text), @"\s+", " ").Replace("|", "\\|", StringComparison.Ordinal).Trim();
    }

    [GeneratedRegex(@"AddMillraceOptions<(?<type>\w+)[^>]*>\(\s*configuration\s*,\s*(""(?<name>\w+)""|\w+\.Section)")]
    private static partial Regex Binding();

    [GeneratedRegex(@"const string Section = ""(?<name>\w+)""")]
    private static partial Regex SectionConstant();

    [GeneratedRegex(@"(?<summary>(?:^    ///.*\n)+)(?<attributes>(?:^    \[.*\]\s*\n)*)^    public (?:required )?(?<type>[\w<>,.? \[\]]+?) (?<name>\w+) \{ get;", RegexOptions.Multiline)]
    private static partial Regex Property();

    [GeneratedRegex(@"^(?:I?(?:Read[Oo]nly)?(?:List|Collection|Dictionary)<(?:string,\s*)?(?<element>[\w?]+)>|(?<element>\w+)\[\])$")]
    private static partial Regex Element();

    [GeneratedRegex(@"Range\((?:typeof\(\w+\),\s*)?""?(?<low>[^,""]+)""?,\s*""?(?<high>[^)""]+)""?\)")]
    private static partial Regex Range();

    [GeneratedRegex(@"^[0-9L*< ]+$")]
    private static partial Regex Constant();

    [GeneratedRegex(@"^\s*(?<name>[A-Z]\w*)\s*(?:=[^,]*)?,?\s*$", RegexOptions.Multiline)]
    private static partial Regex EnumMember();

    [GeneratedRegex(@"<summary>(?<text>.*?)</summary>", RegexOptions.Singleline)]
    private static partial Regex Summary();

    private sealed record OptionsClass(SourceFile Source, int Offset, string Body, string Summary);
}

/// <summary>What stands under one key of <c>Millrace</c>.</summary>
internal sealed record Section(string Name, string File, string Summary, IReadOnlyList<Setting> Settings);

/// <summary>One setting, by its full path.</summary>
internal sealed record Setting(string Path, string Type, string Summary, string Range, string File, int Line)
{
    /// <summary>The words of a choice; empty for other types.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];
}

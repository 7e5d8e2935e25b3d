using Microsoft.Extensions.Options;
using Millrace.Hosting.Authentication;

namespace Millrace.RealtimeGateway.Namespaces;

/// <summary>Checks the namespaces of <see cref="GatewayOptions"/>, and reports everything that is wrong with them.</summary>
internal sealed class NamespaceRules : IValidateOptions<GatewayOptions>
{
    /// <summary>Namespaces that may be configured: they are labels in metrics.</summary>
    public const int Most = 100;

    private const int LongestName = 32;
    private const int MostHistory = 1_000_000;
    private static readonly TimeSpan LeastTtl = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostTtl = TimeSpan.FromDays(1);

    // Those of DESIGN's channels that carry nothing yet are not to be taken either.
    private static readonly string[] Reserved = ["metrics", "events", "alerts", "notifications", "presence"];

    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var errors = new List<string>();
        if (options.Namespaces.Count > Most) errors.Add($"Namespaces: there may be {Most} of them.");
        foreach (var (key, value) in options.Namespaces.OrderBy(entry => entry.Key, StringComparer.Ordinal)) Check(key, value, errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>Whether a text can be a namespace's name.</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && (char.IsAsciiLetterLower(text[0]) || char.IsAsciiDigit(text[0]))
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    private static void Check(string name, GatewayNamespaceOptions options, List<string> errors)
    {
        var at = $"Namespaces:{name}";
        if (!IsName(name)) errors.Add($"{at}: a name is 1 to {LongestName} characters of a-z, 0-9, '-' and '_', beginning with a letter or a digit.");
        if (Reserved.Contains(name, StringComparer.Ordinal)) errors.Add($"{at}: the name is one of Millrace's own.");
        if (options.HistorySize is < 0 or > MostHistory) errors.Add($"{at}:HistorySize must be between 0 and {MostHistory}.");
        if (options.HistoryTtl < LeastTtl || options.HistoryTtl > MostTtl) errors.Add($"{at}:HistoryTtl must be between {LeastTtl:c} and {MostTtl:c}.");
        if (options is { Recovery: true, HistorySize: 0 }) errors.Add($"{at}:Recovery needs a HistorySize.");
        if (options.SlowClients is not (SlowClientPolicy.Conflate or SlowClientPolicy.DropOldest or SlowClientPolicy.Disconnect)) errors.Add($"{at}:SlowClients must be Conflate, DropOldest or Disconnect.");
        if (options is { SlowClients: SlowClientPolicy.Conflate, HistorySize: 0 }) errors.Add($"{at}:SlowClients Conflate needs a HistorySize.");
        Check($"{at}:Subscribe", options.Subscribe, errors);
        Check($"{at}:Publish", options.Publish, errors);
    }

    private static void Check(string at, NamespacePermissionOptions permission, List<string> errors)
    {
        if (permission.Scope is { } scope && !ScopeNames.TryParse(scope, out _)) errors.Add($"{at}:Scope must be one of {ScopeNames.Format(ScopeNames.All)}.");
        if (permission.Claim is { } claim && (claim.Length == 0 || claim[0] == '=')) errors.Add($"{at}:Claim must be name or name=text.");
        if (permission.Pattern is { Length: 0 }) errors.Add($"{at}:Pattern must not be empty; * stands for anything.");
    }
}

namespace Millrace.Alerting.Rules;

/// <summary>Ids of rules and receivers: <c>[a-z0-9][a-z0-9._-]{0,63}</c>, chosen by the caller or made here (UUIDv7).</summary>
internal static class EntityId
{
    public const int MaxLength = 64;

    /// <summary>The rule, for messages.</summary>
    public const string Rule = "Must match [a-z0-9][a-z0-9._-]{0,63}.";

    public static bool IsValid(string id) =>
        id.Length is > 0 and <= MaxLength && Plain(id[0]) && id.All(c => Plain(c) || c is '.' or '_' or '-');

    public static string New() => Guid.CreateVersion7().ToString();

    private static bool Plain(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}

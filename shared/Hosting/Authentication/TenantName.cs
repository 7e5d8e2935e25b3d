using Millrace.Contracts.Events;

namespace Millrace.Hosting.Authentication;

/// <summary>The rule for names of tenants: they stand in object keys, channels and database users, so they are plain.</summary>
public static class TenantName
{
    /// <summary>The rule, for messages.</summary>
    public const string Rule = "1 to 63 characters of a-z, 0-9, '-' and '_', beginning with a letter or a digit.";

    /// <summary>Whether a text can be a tenant's name.</summary>
    public static bool IsValid(string? name)
    {
        if (name is null || name.Length is 0 or > EventLimits.TenantLength || name[0] is '-' or '_')
            return false;
        foreach (var character in name)
        {
            if (!char.IsAsciiLetterLower(character) && !char.IsAsciiDigit(character) && character is not ('-' or '_'))
                return false;
        }

        return true;
    }
}

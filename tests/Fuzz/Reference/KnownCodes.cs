using System.Reflection;
using Millrace.Contracts.Errors;

namespace Millrace.Fuzz.Reference;

/// <summary>The codes of the table of errors.</summary>
internal static class KnownCodes
{
    private static readonly HashSet<ErrorCode> _codes =
        [.. typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.FieldType == typeof(ErrorCode)).Select(field => (ErrorCode)field.GetValue(null)!)];

    public static bool Contains(ErrorCode code) => _codes.Contains(code);
}

using System.Globalization;

namespace Millrace.ClickHouse.Embedded.Native;

/// <summary>An error with ClickHouse's code and text, from the engine or in its manner.</summary>
/// <param name="code">ClickHouse's error code; 0 when the engine gave none.</param>
/// <param name="message">ClickHouse's text, <c>Code: N. DB::Exception: … (NAME)</c>.</param>
internal sealed class ChdbException(int code, string message) : Exception(message)
{
    private const string Prefix = "Code: ";

    /// <summary>ClickHouse's error code.</summary>
    public int Code { get; } = code;

    /// <summary>Reads the code out of the engine's text.</summary>
    public static ChdbException FromEngine(string text)
    {
        var message = text.TrimEnd();
        var code = 0;
        var at = message.IndexOf(Prefix, StringComparison.Ordinal);
        if (at >= 0)
        {
            var digits = message.AsSpan(at + Prefix.Length);
            var end = digits.IndexOfAnyExceptInRange('0', '9');
            int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out code);
        }
        return new ChdbException(code, at >= 0 ? Once(message, $"Code: {code}. DB::Exception: ") : $"Code: 0. DB::Exception: {message}");
    }

    /// <summary>Errors that pass through the engine's client part come wrapped in themselves, once or twice, the inner ones with their version.</summary>
    private static string Once(string message, string prefix)
    {
        while (message.StartsWith(prefix + prefix, StringComparison.Ordinal))
        {
            message = message[prefix.Length..];
            var version = message.LastIndexOf(" (version ", StringComparison.Ordinal);
            if (version >= 0) message = message[..version];
        }
        return message;
    }

    /// <summary>An error of this program in ClickHouse's manner.</summary>
    public static ChdbException Of(ServerError error, string text) =>
        new((int)error, $"Code: {(int)error}. DB::Exception: {text} ({error.Name()})");
}

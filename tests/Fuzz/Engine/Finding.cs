using System.Globalization;
using System.Security.Cryptography;

namespace Millrace.Fuzz.Engine;

/// <summary>An input for which something does not hold.</summary>
/// <param name="Target">Name of the target.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Index">Which input of the run.</param>
/// <param name="Input">The bytes.</param>
/// <param name="Message">What does not hold.</param>
/// <param name="Kind">What makes it the same finding as another: many inputs show one defect.</param>
internal sealed record Finding(string Target, long Seed, long Index, byte[] Input, string Message, string Kind)
{
    /// <summary>The position by which <c>--repeat</c> finds it.</summary>
    public string Position => string.Create(CultureInfo.InvariantCulture, $"{Seed}:{Index}");

    /// <summary>Writes the input into a folder; the name is made of its content, so that the same stands there once.</summary>
    public string Save(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Target}-{Convert.ToHexStringLower(SHA256.HashData(Input))[..16]}.bin");
        File.WriteAllBytes(path, Input);
        return path;
    }

    /// <summary>A finding for an exception.</summary>
    public static Finding Of(string target, long seed, long index, byte[] input, Exception error)
    {
        var frame = error.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("Millrace.", StringComparison.Ordinal) && !line.Contains("Millrace.Fuzz.Engine", StringComparison.Ordinal))?.Trim() ?? "";
        return error is FindingException
            ? new Finding(target, seed, index, input, error.Message, KindOf(error.Message))
            : new Finding(target, seed, index, input, $"{error.GetType().Name}: {error.Message} {frame}", error.GetType().Name + frame);
    }

    // The first words, without the numbers in them.
    private static string KindOf(string message) => string.Concat(message.Where(c => !char.IsAsciiDigit(c)).Take(40));
}

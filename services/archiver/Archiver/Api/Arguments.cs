using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Events;

namespace Millrace.Archiver.Api;

/// <summary>Reads a request's query string; the first thing that is wrong is kept for the answer.</summary>
internal sealed class Arguments(IQueryCollection query)
{
    /// <summary>What is wrong and with which parameter; <see langword="null"/> when all is well.</summary>
    public (string Field, string Message)? Error { get; private set; }

    /// <summary>Notes that something is wrong.</summary>
    public void Fail(string field, string message) => Error ??= (field, message);

    /// <summary>A text of at most so many characters; <see langword="null"/> when absent or empty.</summary>
    public string? Text(string name, int longest)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return null;
        if (text.Length > longest) Fail(name, $"{name} has more than {longest} characters.");
        return text;
    }

    /// <summary>The stream's name, required.</summary>
    public string Stream()
    {
        var stream = Text("stream", EventLimits.StreamLength);
        if (stream is null) Fail("stream", "stream is required.");
        return stream ?? "";
    }

    /// <summary>A whole number within bounds.</summary>
    public int Number(string name, int otherwise, int least, int most)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most) return number;
        Fail(name, $"{name} must be a whole number from {least} to {most}.");
        return otherwise;
    }

    /// <summary>A time, RFC 3339 or milliseconds since 1970, in milliseconds.</summary>
    public long Time(string name, long otherwise)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return otherwise;
        if (TryTime(text, out var time)) return time;
        Fail(name, $"{name} must be a time: RFC 3339 such as 2026-01-31T12:00:00Z, or milliseconds since 1970.");
        return otherwise;
    }

    /// <summary>One of several names.</summary>
    public T OneOf<T>(string name, T otherwise, IReadOnlyDictionary<string, T> choices)
    {
        var text = query[name].ToString();
        if (text.Length == 0) return otherwise;
        if (choices.TryGetValue(text, out var choice)) return choice;
        Fail(name, $"{name} must be one of {string.Join(", ", choices.Keys)}.");
        return otherwise;
    }

    private static bool TryTime(string text, [NotNullWhen(true)] out long time)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out time)) return time is >= 0 and < 10_000_000_000_000;
        // A '+' of an offset that nobody escaped arrives as a blank.
        var ok = DateTimeOffset.TryParse(
            text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed);
        time = parsed.ToUnixTimeMilliseconds();
        return ok;
    }
}

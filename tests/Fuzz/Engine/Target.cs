using Millrace.Fuzz.Generation;

namespace Millrace.Fuzz.Engine;

/// <summary>
/// One parser under attack. A target is one file: <see cref="TargetList"/> finds it. An instance belongs to one thread. An input is bytes, so that
/// it can be saved and tried again; where a parser takes more than that, the target lays it out in the bytes.
/// </summary>
internal abstract class Target : IDisposable
{
    /// <summary>Short name, as the command line has it.</summary>
    public abstract string Name { get; }

    /// <summary>Which part of the number of inputs asked for this target gets: less than one where an input is dear.</summary>
    public virtual double Share => 1;

    /// <summary>Longest that an input may take, without its length; what is over it is tried again before it counts, as machines pause.</summary>
    public virtual TimeSpan TimeLimit => TimeSpan.FromMilliseconds(100);

    /// <summary>Bytes that may be allocated for an input, whatever its length.</summary>
    public virtual long AllocationBase => 64 * 1024;

    /// <summary>Bytes that may be allocated for each byte of input.</summary>
    public virtual long AllocationFactor => 64;

    /// <summary>Makes the next input.</summary>
    public abstract byte[] Make(Source source);

    /// <summary>
    /// Gives an input to the parser, and does nothing else: this is what is measured. Only exceptions that the parser documents are caught here;
    /// any other is a finding.
    /// </summary>
    /// <returns>Whether the parser accepted it.</returns>
    public abstract bool Parse(byte[] input);

    /// <summary>Checks what must hold after <see cref="Parse"/>, whatever the input is.</summary>
    /// <exception cref="FindingException">Something does not hold.</exception>
    public virtual void Check(byte[] input, bool accepted)
    {
    }

    /// <summary>Called after each input, also after a finding.</summary>
    public virtual void Clear()
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}

/// <summary>Something that must hold does not.</summary>
internal sealed class FindingException(string message) : Exception(message);

/// <summary>Says what must hold.</summary>
internal static class Require
{
    /// <summary>Fails with a message unless a condition holds.</summary>
    public static void That(bool condition, string message)
    {
        if (!condition) throw new FindingException(message);
    }

    /// <summary>Fails unless two are equal.</summary>
    public static void Same<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) throw new FindingException($"{what} is '{actual}', and should be '{expected}'");
    }
}

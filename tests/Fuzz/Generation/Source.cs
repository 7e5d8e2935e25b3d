using System.Numerics;
using System.Text;

namespace Millrace.Fuzz.Generation;

/// <summary>
/// Random numbers that depend on (seed, target, index) alone, so that any input of a run can be made again without those before it:
/// xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64.
/// </summary>
internal sealed class Source
{
    private ulong _a, _b, _c, _d;

    /// <summary>Starts the numbers of an input.</summary>
    public void Start(long seed, string target, long index)
    {
        var hash = 14695981039346656037UL ^ (ulong)seed;
        foreach (var c in target) hash = (hash ^ c) * 1099511628211UL;
        var state = hash ^ ((ulong)index * 0x9E3779B97F4A7C15UL);
        _a = Split(ref state);
        _b = Split(ref state);
        _c = Split(ref state);
        _d = Split(ref state);
    }

    /// <summary>64 random bits.</summary>
    public ulong Bits()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public int Below(int limit) => limit <= 1 ? 0 : (int)(Bits() % (uint)limit);

    /// <summary>From <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    /// <summary>True once in <paramref name="times"/>.</summary>
    public bool Once(int times) => Below(times) == 0;

    /// <summary>One of several.</summary>
    public T Of<T>(ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>One of several.</summary>
    public T Of<T>(T[] choices) => choices[Below(choices.Length)];

    /// <summary>A length: mostly short, at times at a boundary, seldom long.</summary>
    public int Length(params ReadOnlySpan<int> boundaries)
    {
        if (boundaries.Length > 0 && Once(6)) return Math.Max(0, Of(boundaries) + Between(-1, 1));
        return Once(20) ? Below(600) : Below(12);
    }

    /// <summary>Some bytes.</summary>
    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++) bytes[i] = (byte)Bits();
        return bytes;
    }

    /// <summary>Text of letters and digits.</summary>
    public string Word(int length)
    {
        const string Characters = "abcdefghijklmnopqrstuvwxyz0123456789";
        var text = new StringBuilder(length);
        while (text.Length < length) text.Append(Characters[Below(Characters.Length)]);
        return text.ToString();
    }

    private static ulong Split(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}

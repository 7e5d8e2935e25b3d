using System.Text;
using System.Text.Unicode;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.RealtimeGateway.Deltas;

namespace Millrace.Fuzz.Targets;

/// <summary>Deltas in Fossil's format. An input is a base and a delta, with the length of the base in front. What is made of them can be made again.</summary>
internal sealed class DeltaTarget : Target
{
    private const int Most = 16 * 1024;
    private static readonly byte[][] Words = [.. new[] { "@0,", ":", ";", "~~~~~~", "0", "\n", "1@~~~~~,", "~~~~~:" }.Select(Encoding.UTF8.GetBytes)];

    private byte[]? _made;

    public override string Name => "delta";

    public override byte[] Make(Source source)
    {
        var from = Encoding.UTF8.GetBytes(Text(source));
        var to = source.Once(3) ? Encoding.UTF8.GetBytes(Text(source)) : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Mutator.Damage(from, source, [])));
        var delta = DeltaMaker.Make(from, to);
        if (source.Once(2)) delta = Mutator.Damage(delta, source, Words);
        return [(byte)(from.Length >> 8), (byte)from.Length, .. from, .. delta];
    }

    public override bool Parse(byte[] input)
    {
        Split(input, out var from, out var delta);
        return FossilDelta.TryApply(from, delta, Most, out _made);
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (!accepted) return;
        Split(input, out var from, out _);
        var delta = DeltaMaker.Make(from, _made);
        Require.That(FossilDelta.TryApply(from, delta, Most, out var again) && again.AsSpan().SequenceEqual(_made), "a delta does not make what it was made from");
        if (Utf8.IsValid(from) && Utf8.IsValid(_made)) Require.That(Utf8.IsValid(delta), "a delta of UTF-8 is not UTF-8");
    }

    private static void Split(byte[] input, out ReadOnlySpan<byte> from, out ReadOnlySpan<byte> delta)
    {
        var length = input.Length < 2 ? 0 : Math.Min((input[0] << 8) | input[1], input.Length - 2);
        from = input.Length < 2 ? [] : input.AsSpan(2, length);
        delta = input.Length < 2 ? [] : input.AsSpan(2 + length);
    }

    private static string Text(Source source)
    {
        var text = new StringBuilder();
        for (var parts = source.Between(0, 12); parts > 0; parts--)
        {
            text.Append(source.Of(["\"count\":", "\"geohash\":\"u33", "ü€😀", "{\"sum\":", ",", "0.123456789"]));
            if (source.Once(2)) text.Append(source.Word(source.Length(0, 5, 20)));
        }

        return text.ToString();
    }
}

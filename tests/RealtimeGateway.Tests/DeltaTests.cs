using System.Text;
using System.Text.Unicode;
using Millrace.RealtimeGateway.Deltas;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>Fossil's delta format.</summary>
public sealed class DeltaTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("", "something")]
    [InlineData("something", "")]
    [InlineData("the same text as before", "the same text as before")]
    [InlineData("{\"count\":1,\"sum\":10.5,\"max\":7}", "{\"count\":2,\"sum\":21.75,\"max\":7}")]
    [InlineData("Straße nach Süden, übermorgen", "Straße nach Norden, übermorgen früh")]
    public void Delta_of_two_texts_makes_the_second_from_the_first(string from, string to)
    {
        var delta = DeltaMaker.Make(Encoding.UTF8.GetBytes(from), Encoding.UTF8.GetBytes(to));

        Assert.True(FossilDelta.TryApply(Encoding.UTF8.GetBytes(from), delta, 1024, out var result));
        Assert.Equal(to, Encoding.UTF8.GetString(result));
        Assert.True(Utf8.IsValid(delta));
    }

    [Fact]
    public void Delta_as_the_format_describes_it_is_applied()
    {
        // 11 bytes: "hello " from the base, then "fossil" cut to 5; the sum of "hell", "o fo", "ssi".
        Assert.True(FossilDelta.TryApply("hello world"u8, DeltaMaker.Make("hello world"u8, "hello fossi"u8), 100, out var made));
        Assert.Equal("hello fossi"u8.ToArray(), made);
        Assert.True(FossilDelta.TryApply("hello world"u8, Encoding.ASCII.GetBytes($"B\n6@0,5:fossi{Text(FossilDelta.Checksum("hello fossi"u8))};"), 100, out var written));
        Assert.Equal(made, written);
    }

    [Theory]
    [InlineData("")]
    [InlineData("B")]
    [InlineData("B\n")]
    [InlineData("B\n6@0,5:fossi")] // No end.
    [InlineData("B\n6@0,5:fossi0;")] // Another sum.
    [InlineData("B\nC@0,0;")] // More than the base has.
    [InlineData("B\n6@~~~~~,0;")]
    [InlineData("B\n~:fossi0;")] // More than there is.
    [InlineData("~~~~~\n0;")] // Too large.
    [InlineData("B\n6?0,0;")]
    public void Delta_that_is_none_is_refused(string delta) =>
        Assert.False(FossilDelta.TryApply("hello world"u8, Encoding.ASCII.GetBytes(delta), 1024, out _));

    [Fact]
    public void Delta_of_random_edits_always_comes_back()
    {
        var random = new Random(7);
        var alphabet = "{}[]:,\"abcdefäöü€😀0123456789".EnumerateRunes().ToArray();
        var text = string.Concat(Enumerable.Range(0, 400).Select(_ => alphabet[random.Next(alphabet.Length)].ToString()));
        for (var i = 0; i < 2000; i++)
        {
            var runes = text.EnumerateRunes().ToList();
            for (var edits = random.Next(8); edits > 0; edits--)
            {
                var at = random.Next(runes.Count);
                if (random.Next(2) == 0 && runes.Count > 200) runes.RemoveRange(at, Math.Min(random.Next(30), runes.Count - at));
                else runes.InsertRange(at, Enumerable.Range(0, random.Next(20)).Select(_ => alphabet[random.Next(alphabet.Length)]));
            }

            var changed = string.Concat(runes.Take(1000).Select(r => r.ToString()));
            var delta = DeltaMaker.Make(Encoding.UTF8.GetBytes(text), Encoding.UTF8.GetBytes(changed));
            Assert.True(FossilDelta.TryApply(Encoding.UTF8.GetBytes(text), delta, 1 << 20, out var result));
            Assert.Equal(changed, Encoding.UTF8.GetString(result));
            Assert.True(Utf8.IsValid(delta));
            text = changed;
        }
    }

    private static string Text(uint value)
    {
        var text = "";
        for (; value > 0; value >>= 6) text = (char)FossilDelta.Digits[(int)(value & 63)] + text;
        return text;
    }
}

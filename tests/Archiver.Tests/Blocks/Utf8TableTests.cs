using System.Text;
using Millrace.Archiver.Blocks;
using Xunit;

namespace Millrace.Archiver.Tests.Blocks;

public sealed class Utf8TableTests
{
    [Fact]
    public void Add_many_texts_numbers_each_once_and_finds_it_again()
    {
        using var table = new Utf8Table();
        var texts = Enumerable.Range(0, 5_000).Select(i => new string((char)('a' + (i % 26)), i % 40) + i).Append("").ToList();

        var numbers = texts.ConvertAll(text => table.Add(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(Enumerable.Range(0, texts.Count), numbers);
        Assert.All(texts.Index(), entry => Assert.Equal(entry.Index, table.Add(Encoding.UTF8.GetBytes(entry.Item))));
        Assert.All(texts.Index(), entry => Assert.Equal(entry.Item, Encoding.UTF8.GetString(table[entry.Index])));
        Assert.Equal(texts.Count, table.Count);
    }

    [Fact]
    public void Encoded_texts_are_length_and_bytes()
    {
        using var table = new Utf8Table();
        table.Add("é"u8);
        table.Add(new byte[200]);

        Assert.Equal([2, 0xC3, 0xA9, 0xC8, 1, .. new byte[200]], table.Encoded.ToArray());
    }
}

using System.Text;
using Millrace.Contracts.Hashing;
using Xunit;

namespace Millrace.Aggregator.Tests.Sketches;

public sealed class StableHash64Tests
{
    [Fact]
    public void Hash_of_numbered_names_never_collides()
    {
        var seen = new HashSet<ulong>();
        foreach (var prefix in new[] { "", "sensor-", "a-much-longer-prefix/" })
        {
            for (var i = 0; i < 200_000; i++) Assert.True(seen.Add(StableHash64.Hash(Encoding.UTF8.GetBytes(prefix + i))));
        }
    }

    [Fact]
    public void Hash_depends_on_length_and_seed()
    {
        var zeros = new byte[40];
        var hashes = Enumerable.Range(0, 41).Select(n => StableHash64.Hash(zeros.AsSpan(0, n))).ToHashSet();
        Assert.Equal(41, hashes.Count);
        Assert.NotEqual(StableHash64.Hash(zeros), StableHash64.Hash(zeros, 1));
    }

    [Fact]
    public void Hash_is_the_same_for_ever()
    {
        // Sketches that are stored or merged across versions break when these change.
        Assert.Equal("e220a8397b1dcdaf", $"{StableHash64.Hash([]):x16}");
        Assert.Equal("08a3b3f260143060", $"{StableHash64.Hash("abc"u8):x16}");
        Assert.Equal("72c0be0ac28f84f5", $"{StableHash64.Hash("the quick brown fox"u8):x16}");
    }
}

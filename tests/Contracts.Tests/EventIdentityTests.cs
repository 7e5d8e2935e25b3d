using System.Text;
using Millrace.Contracts.Errors;
using Millrace.Contracts.Events;
using Xunit;

namespace Millrace.Contracts.Tests;

public sealed class EventIdentityTests
{
    private readonly EventIdentity _identity = new("epoch");

    [Fact]
    public void Of_same_parts_is_the_same_on_every_instance() =>
        Assert.Equal(Of(_identity, "acme/shop", "s", "1"), Of(new EventIdentity("epoch"), "acme/shop", "s", "1"));

    [Theory]
    [InlineData("acme/shop", "s", "2")]
    [InlineData("acme/shop", "t", "1")]
    [InlineData("acme/shop2", "s", "1")]
    [InlineData("acme/shop", "s1", "")]
    [InlineData("acme/shops", "", "1")]
    public void Of_other_parts_or_borders_differs(string key, string source, string id) =>
        Assert.NotEqual(Of(_identity, "acme/shop", "s", "1"), Of(_identity, key, source, id));

    [Fact]
    public void Of_other_epoch_differs() => Assert.NotEqual(Of(_identity, "a/b", "", "1"), Of(new EventIdentity("other"), "a/b", "", "1"));

    [Fact]
    public void Of_million_ids_never_collides()
    {
        var seen = new HashSet<UInt128>();
        for (var i = 0; i < 1_000_000; i++) Assert.True(seen.Add(Of(_identity, "a/b", "", $"{i}")));
    }

    [Fact]
    public void PartitionKey_splits_at_the_first_slash()
    {
        Assert.True(PartitionKey.TrySplit(PartitionKey.Create("acme", "shop"), out var tenant, out var stream));
        Assert.Equal(("acme", "shop"), (Encoding.UTF8.GetString(tenant), Encoding.UTF8.GetString(stream)));
        Assert.False(PartitionKey.TrySplit("acme"u8, out _, out _));
    }

    [Fact]
    public void ErrorCodes_are_unique_and_snake_case()
    {
        var codes = typeof(ErrorCodes).GetFields().Select(field => (ErrorCode)field.GetValue(null)!).ToList();
        Assert.Equal(codes.Count, codes.Select(code => code.Code).Distinct().Count());
        Assert.All(codes, code => Assert.Matches("^[a-z0-9_]+$", code.Code));
        Assert.All(codes, code => Assert.InRange(code.Status, 400, 599));
    }

    private static UInt128 Of(EventIdentity identity, string key, string source, string id) =>
        identity.Of(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(source), Encoding.UTF8.GetBytes(id));
}

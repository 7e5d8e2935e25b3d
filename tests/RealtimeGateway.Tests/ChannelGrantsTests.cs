using Millrace.Hosting.Authentication;
using Millrace.RealtimeGateway.Channels;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

/// <summary>The claim <c>channels</c> was meant as a restriction, whatever stands in it.</summary>
public sealed class ChannelGrantsTests
{
    [Theory]
    [InlineData("""["\ud800"]""")]
    [InlineData("\"\\udc00\"")]
    [InlineData("""["tenant:acme:metrics:shop" """)]
    [InlineData("""{"tenant:acme:metrics:shop":true}""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("[[\"*\"]]")]
    [InlineData("")]
    public void Claim_that_makes_no_sense_allows_nothing(string claim) => Assert.False(Grants(claim).Allows(ChannelName.Metrics("acme", "shop")));

    [Theory]
    [InlineData("""["tenant:acme:metrics:*"]""")]
    [InlineData("\"tenant:acme:metrics:shop\"")]
    [InlineData("[1, null, \"*\"]")]
    public void Claim_that_lists_the_channel_allows_it_and_no_other_tenants(string claim)
    {
        Assert.True(Grants(claim).Allows(ChannelName.Metrics("acme", "shop")));
        Assert.False(Grants(claim).Allows(ChannelName.Metrics("other", "shop")));
    }

    private static ChannelGrants Grants(string claim) => ChannelGrants.Of(new AuthenticationVerdict(
        AuthenticationOutcome.Accepted,
        new Caller("acme", "ada", Scopes.Read, [], null, CredentialKind.Token),
        Claims: new Dictionary<string, string> { [ChannelGrants.Claim] = claim }));
}

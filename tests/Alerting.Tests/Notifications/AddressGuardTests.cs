using System.Net;
using Millrace.Alerting.Notifications;
using Millrace.Servers;
using Xunit;

namespace Millrace.Alerting.Tests.Notifications;

public sealed class AddressGuardTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::7f00:1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("fe80::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("ff02::1")]
    public void IsPublic_special_addresses_are_not(string address) => Assert.False(AddressGuard.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("93.184.216.34")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.1")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("2606:4700:4700::1111")]
    public void IsPublic_others_are(string address) => Assert.True(AddressGuard.IsPublic(IPAddress.Parse(address)));

    [Fact]
    public async Task ConnectAsync_name_leads_to_private_addresses_only_is_refused_before_anything_is_sent()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        using var client = Client(new AddressGuard(false, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("10.0.0.1")])));

        var e = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"http://hooks.example.test:{new Uri(hook.Url).Port}/"));

        Assert.IsType<AddressRefusedException>(e.InnerException);
        Assert.Empty(hook.Requests);
    }

    [Fact]
    public async Task ConnectAsync_private_addresses_are_allowed_tries_one_after_the_other()
    {
        await using var hook = await WebhookReceiver.StartAsync();
        using var client = Client(new AddressGuard(true, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("127.0.0.77"), IPAddress.Loopback])));

        using var content = new StringContent("""{"status":"firing"}""");
        using var answer = await client.PostAsync(new Uri($"http://hooks.example.test:{new Uri(hook.Url).Port}/"), content);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private static HttpClient Client(AddressGuard guard) =>
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, ConnectCallback = guard.ConnectAsync });
}

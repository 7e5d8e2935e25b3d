using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Millrace.ClickHouse.Embedded.Tests.Support;

namespace Millrace.ClickHouse.Embedded.Tests;

[Collection(ServerCollection.Name)]
public sealed class AuthenticationTests(ServerFixture server)
{
    private static readonly string _alice = ClickHouseHttp.PasswordOf("alice");

    public static TheoryData<string, string> Wrong() => new()
    {
        { "", "" }, { "default", "" }, { "default", ServerProcess.Secret }, { "millrace", "" }, { "millrace", "wrong" }, { "millrace", ServerProcess.Secret + "x" }, { "millrace", _alice },
        { "Millrace", ServerProcess.Secret }, { "alice", "" }, { "alice", "alice" }, { "alice", ServerProcess.Secret }, { "bob", _alice }, { "Alice", _alice }, { "alice", _alice.ToUpperInvariant() },
        { "alice", _alice + "0" }, { "alice'", ClickHouseHttp.PasswordOf("alice'") }, { "../alice", ClickHouseHttp.PasswordOf("../alice") },
        { "alice", new string('x', 5000) },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Wrong_credentials_get_in_nowhere(string user, string password)
    {
        foreach (var answer in new[] { await WithHeadersAsync(user, password), await WithBasicAsync($"{user}:{password}"), await InUrlAsync(user, password) })
        {
            Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
            Assert.Equal("516", answer.Header("X-ClickHouse-Exception-Code"));
            Assert.Contains("(AUTHENTICATION_FAILED)", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Right_credentials_get_in_by_every_way()
    {
        foreach (var (user, password) in new[] { ("millrace", ServerProcess.Secret), ("alice", _alice) })
        {
            Assert.Equal("1\n", (await WithHeadersAsync(user, password)).Text);
            Assert.Equal("1\n", (await WithBasicAsync($"{user}:{password}")).Text);
            Assert.Equal("1\n", (await InUrlAsync(user, password)).Text);
        }
    }

    [Theory]
    [InlineData("nocolon")]
    [InlineData("")]
    public async Task Malformed_basic_credentials_are_refused(string text) => Assert.Equal(HttpStatusCode.Forbidden, (await WithBasicAsync(text)).Status);

    [Fact]
    public async Task Two_ways_at_once_are_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Server.Endpoint, "?user=alice")) { Content = new StringContent("SELECT 1") };
        request.Headers.Authorization = Basic($"millrace:{ServerProcess.Secret}");
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(request)).Status);
    }

    private Task<Answer> WithHeadersAsync(string user, string password)
    {
        var request = Request("");
        request.Headers.TryAddWithoutValidation("X-ClickHouse-User", user);
        request.Headers.TryAddWithoutValidation("X-ClickHouse-Key", password);
        return SendAsync(request);
    }

    private Task<Answer> WithBasicAsync(string text)
    {
        var request = Request("");
        request.Headers.Authorization = Basic(text);
        return SendAsync(request);
    }

    private Task<Answer> InUrlAsync(string user, string password) => SendAsync(Request($"?user={Uri.EscapeDataString(user)}&password={Uri.EscapeDataString(password)}"));

    private HttpRequestMessage Request(string query) => new(HttpMethod.Post, new Uri(server.Server.Endpoint, query)) { Content = new StringContent("SELECT 1") };

    private static AuthenticationHeaderValue Basic(string text) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));

    private static async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var client = new HttpClient();
        using var answer = await client.SendAsync(request);
        return new Answer(answer.StatusCode, answer.Headers, answer.Content.Headers, await answer.Content.ReadAsByteArrayAsync());
    }
}

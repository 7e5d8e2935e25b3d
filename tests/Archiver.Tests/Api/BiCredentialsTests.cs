using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Millrace.Archiver.Tests.Pipeline;
using Millrace.Archiver.Tests.Support;
using Millrace.Hosting.Authentication;
using Millrace.Testing;
using Xunit;

namespace Millrace.Archiver.Tests.Api;

public sealed class BiCredentialsTests(ClickHouseFixture fixture)
{
    private const string Path = "/api/v1/bi-credentials";

    [Fact]
    public async Task Post_on_a_server_makes_a_user_that_sees_its_tenant_alone()
    {
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await ClickHouseProxy.StartAsync(fixture.Locate);
        var server = new UserServer(fixture);
        proxy.Inspect = server.InspectAsync;
        await using var archiver = await ArchiverInstance.StartAsync(stores, proxy);
        await stores.AppendAsync([.. ArchivingTests.Events(stores.Tenant, 30), .. ArchivingTests.Events("another", 7)]);
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        using var admin = archiver.Client(stores.Tenant, Scopes.Read | Scopes.Admin);

        Assert.Equal("There are none yet: POST makes them.", (await admin.GetFromJsonAsync<JsonElement>(Path)).GetProperty("hint").GetString());
        var made = await PostAsync(admin);

        Assert.Equal("password", made.GetProperty("kind").GetString());
        Assert.Equal(stores.Tenant, made.GetProperty("user").GetString());
        var password = made.GetProperty("password").GetString()!;
        Assert.True(password.Length >= 32);
        Assert.Equal("30", await SelectAsync(proxy, stores.Tenant, password));
        Assert.DoesNotContain(server.Statements, statement => statement.Contains(password, StringComparison.Ordinal));
        // Policies stand before the right to read is given.
        var order = server.Statements.Where(statement => statement.Contains($"`{stores.Tenant}`", StringComparison.Ordinal)).Select(statement => statement.Split(' ')[0]).ToList();
        Assert.Equal(["CREATE", "CREATE", "CREATE", "GRANT", "ALTER"], order);

        var again = (await PostAsync(admin)).GetProperty("password").GetString()!;
        Assert.NotEqual(password, again);
        Assert.Equal("30", await SelectAsync(proxy, stores.Tenant, again));
        await Assert.ThrowsAsync<HttpRequestException>(() => SelectAsync(proxy, stores.Tenant, password));

        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync(Path)).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => SelectAsync(proxy, stores.Tenant, again));
    }

    [Fact]
    public async Task Query_on_a_server_asks_with_a_user_of_the_tenants_own()
    {
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await ClickHouseProxy.StartAsync(fixture.Locate);
        var server = new UserServer(fixture);
        proxy.Inspect = server.InspectAsync;
        await using var archiver = await ArchiverInstance.StartAsync(stores, proxy);
        await stores.AppendAsync(ArchivingTests.Events(stores.Tenant, 20));
        await Eventually.TrueAsync(async () => await stores.IsDrainedAsync());
        using var client = archiver.Client(stores.Tenant);

        for (var i = 0; i < 2; i++)
        {
            var answer = await client.PostAsJsonAsync("/api/v1/query", new { sql = "SELECT toUInt32(count()) FROM events" });
            Assert.Equal(20, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data")[0][0].GetInt32());
        }

        Assert.Single(server.Statements, statement => statement.StartsWith($"CREATE USER IF NOT EXISTS `{stores.Tenant}.api`", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Post_with_a_name_that_is_taken_leaves_it_alone()
    {
        await using var stores = await Stores.OpenAsync();
        await using var proxy = await ClickHouseProxy.StartAsync(fixture.Locate);
        var server = new UserServer(fixture);
        proxy.Inspect = server.InspectAsync;
        await using var archiver = await ArchiverInstance.StartAsync(stores, proxy);
        using var admin = archiver.Client("default", Scopes.Admin);

        Assert.Equal(HttpStatusCode.Conflict, (await admin.PostAsync(Path, null)).StatusCode);
        Assert.Empty(server.Statements);

        await using var prefixed = await ArchiverInstance.StartAsync(stores, new SplitLog(stores.Log).Join(), proxy, ("BiUsers:Prefix", "bi_"));
        using var other = prefixed.Client("default", Scopes.Admin);
        Assert.Equal("bi_default", (await PostAsync(other)).GetProperty("user").GetString());
    }

    [Fact]
    public async Task Post_on_the_embedded_ClickHouse_says_that_an_api_key_is_the_password()
    {
        await using var stores = await Stores.OpenAsync();
        await using var archiver = await ArchiverInstance.StartAsync(stores, fixture.ClickHouse);
        using var admin = archiver.Client(stores.Tenant, Scopes.Admin);

        var answer = await PostAsync(admin);

        Assert.Equal("api_key", answer.GetProperty("kind").GetString());
        Assert.False(answer.TryGetProperty("password", out _));
        using var reader = archiver.Client(stores.Tenant);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsync(Path, null)).StatusCode);
    }

    private static async Task<JsonElement> PostAsync(HttpClient client)
    {
        var answer = await client.PostAsync(Path, null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<string> SelectAsync(ClickHouseProxy proxy, string user, string password)
    {
        using var http = new HttpClient { BaseAddress = proxy.Url };
        http.DefaultRequestHeaders.Add("X-ClickHouse-User", user);
        http.DefaultRequestHeaders.Add("X-ClickHouse-Key", password);
        var answer = await http.PostAsync("/", new StringContent("SELECT count() FROM events"));
        return (await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync()).Trim();
    }
}

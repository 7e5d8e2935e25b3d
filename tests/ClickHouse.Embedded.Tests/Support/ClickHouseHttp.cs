using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.ClickHouse.Embedded.Tests.Support;

/// <summary>Plain HTTP to the server: nothing here knows more than curl does.</summary>
internal sealed class ClickHouseHttp : IDisposable
{
    private readonly HttpClient _client;

    public ClickHouseHttp(Uri endpoint, string user, string password)
    {
        _client = new HttpClient { BaseAddress = endpoint, Timeout = TimeSpan.FromSeconds(100) };
        _client.DefaultRequestHeaders.Add("X-ClickHouse-User", user);
        _client.DefaultRequestHeaders.Add("X-ClickHouse-Key", password);
    }

    public HttpClient Client => _client;

    public static string PasswordOf(string tenant) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(ServerProcess.Secret), Encoding.UTF8.GetBytes(tenant)));

    /// <summary>Sends a statement as the body; answers with its result, without the closing line break, and fails when it fails.</summary>
    public async Task<string> QueryAsync(string sql, string parameters = "")
    {
        var answer = await SendAsync(sql, parameters);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{sql} => {answer.Status}: {answer.Text}");
        return answer.Text.TrimEnd('\n');
    }

    /// <summary>Sends a statement as the body and answers with whatever comes.</summary>
    public Task<Answer> SendAsync(string sql, string parameters = "") => SendAsync(new StringContent(sql, Encoding.UTF8, "text/plain"), parameters);

    /// <summary>Inserts: the statement in the URL, the data as the body.</summary>
    public Task<Answer> InsertAsync(string statement, byte[] data, string parameters = "", string? encoding = null)
    {
        var content = new ByteArrayContent(data);
        if (encoding is not null) content.Headers.ContentEncoding.Add(encoding);
        return SendAsync(content, $"query={Uri.EscapeDataString(statement)}&{parameters}");
    }

    public async Task<Answer> SendAsync(HttpContent content, string parameters)
    {
        using var response = await _client.PostAsync($"?{parameters}", content);
        return new Answer(response.StatusCode, response.Headers, response.Content.Headers, await response.Content.ReadAsByteArrayAsync());
    }

    public void Dispose() => _client.Dispose();
}

internal sealed record Answer(HttpStatusCode Status, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public string Header(string name) => Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
}

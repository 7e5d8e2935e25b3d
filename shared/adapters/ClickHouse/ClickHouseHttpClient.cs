using System.Net;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using Millrace.Ports.ClickHouse;

namespace Millrace.Adapters.ClickHouse;

/// <summary><see cref="IClickHouse"/> over ClickHouse's HTTP interface; the same for a server and for the embedded engine.</summary>
internal sealed class ClickHouseHttpClient : IClickHouse, IDisposable
{
    private readonly ClickHouseLocator _locate;
    private readonly ClickHouseReplicas _replicas;
    private readonly TimeSpan _timeout;
    private readonly HttpClient _http;

    public ClickHouseHttpClient(ClickHouseLocator locate, ClickHouseReplicas replicas, ClickHouseOptions options)
    {
        _locate = locate;
        _replicas = replicas;
        _timeout = options.Timeout;
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = options.MaxConnections,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2), // Below ClickHouse's keep-alive of 3 s, so that no request meets a closing connection.
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
        };
        if (options.CertificateAuthorityFile is { } file) handler.SslOptions.CertificateChainPolicy = CertificateAuthorities.Policy(file);
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public async Task PingAsync(CancellationToken cancellationToken)
    {
        var server = await _locate(cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/ping"));
        using var answer = await SendAsync(request, cancellationToken);
    }

    public async Task ExecuteAsync(ClickHouseQuery statement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(statement);
        // The server holds its answer back until the end, so that a late failure still has its status.
        using var request = await QueryRequestAsync(statement, waitEndOfQuery: true, cancellationToken);
        using var answer = await SendAsync(request, cancellationToken);
        await using var body = await OpenAsync(answer, cancellationToken);
        await body.CopyToAsync(Stream.Null, cancellationToken);
    }

    public async Task<ClickHouseResult> QueryAsync(ClickHouseQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        using var request = await QueryRequestAsync(query, waitEndOfQuery: false, cancellationToken);
        var answer = await SendAsync(request, cancellationToken);
        try
        {
            return new ClickHouseResult(await OpenAsync(answer, cancellationToken), Header(answer, "X-ClickHouse-Format") ?? query.Format, Header(answer, "X-ClickHouse-Query-Id") ?? "");
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    public async Task<ClickHouseWritten> InsertAsync(
        ClickHouseInsert insert, Func<Stream, CancellationToken, Task> writeBody, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(insert);
        ArgumentNullException.ThrowIfNull(writeBody);
        var server = await _locate(cancellationToken);
        var columns = insert.Columns is { } names ? $" ({string.Join(", ", names.Select(Quote))})" : "";
        var address = new ClickHouseAddress(server.Url)
            .Add("query", $"INSERT INTO {insert.Table}{columns} FORMAT {insert.Format}").Add("wait_end_of_query", "1").AddSettings(insert.Settings);
        if (insert.DeduplicationToken is { } token) address.Add("insert_deduplication_token", token);
        var content = new WrittenContent(writeBody);
        using var request = Authorized(new HttpRequestMessage(HttpMethod.Post, address.Uri) { Content = content }, server);
        HttpResponseMessage answer;
        try
        {
            answer = await SendAsync(request, cancellationToken);
        }
        catch (ClickHouseException) when (content.Failure is not null)
        {
            ExceptionDispatchInfo.Throw(content.Failure);
            throw;
        }

        using (answer)
        {
            await using var body = await OpenAsync(answer, cancellationToken);
            await body.CopyToAsync(Stream.Null, cancellationToken);
            return Written(Header(answer, "X-ClickHouse-Summary"));
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpRequestMessage> QueryRequestAsync(ClickHouseQuery query, bool waitEndOfQuery, CancellationToken cancellationToken)
    {
        var server = await _locate(cancellationToken);
        var address = new ClickHouseAddress(server.Url).Add("default_format", query.Format).AddParameters(query.Sql, query.Parameters).AddSettings(query.Settings);
        if (waitEndOfQuery) address.Add("wait_end_of_query", "1");
        if (query.QueryId is { } id) address.Add("query_id", id);
        var request = new HttpRequestMessage(HttpMethod.Post, address.Uri) { Content = new StringContent(query.Sql, Encoding.UTF8, "text/plain") };
        return Authorized(request, server, query.TenantUser ?? query.Tenant, query.Database);
    }

    private static HttpRequestMessage Authorized(HttpRequestMessage request, ClickHouseServer server, string? user = null, string? database = null)
    {
        request.Headers.Add("X-ClickHouse-User", user ?? server.User);
        request.Headers.Add("X-ClickHouse-Key", user is null ? server.Secret : server.PasswordOf(user));
        request.Headers.Add("X-ClickHouse-Database", database ?? "default");
        return request;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        }
        catch (HttpRequestException e)
        {
            _replicas.Leave(request.RequestUri!);
            throw new ClickHouseException(0, retryable: true, $"ClickHouse at {request.RequestUri!.GetLeftPart(UriPartial.Authority)} can't be reached: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            _replicas.Leave(request.RequestUri!);
            throw new ClickHouseException(0, retryable: true, $"ClickHouse at {request.RequestUri!.GetLeftPart(UriPartial.Authority)} did not answer within {_timeout.TotalSeconds} s", e);
        }

        if (answer.IsSuccessStatusCode) return answer;
        using (answer)
        {
            var text = await ReadErrorAsync(answer, cancellationToken);
            var code = int.TryParse(Header(answer, "X-ClickHouse-Exception-Code"), out var given) ? given : ClickHouseError.CodeIn(text);
            if (ClickHouseError.IsOfThisServer(code) || (code == 0 && (int)answer.StatusCode >= 500)) _replicas.Leave(request.RequestUri!);
            throw ClickHouseError.Create(code, text.Length > 0 ? text : $"HTTP {(int)answer.StatusCode}", (int)answer.StatusCode >= 500 && code == 0);
        }
    }

    private static async Task<string> ReadErrorAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        try
        {
            return (await answer.Content.ReadAsStringAsync(cancellationToken)).Trim();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return $"HTTP {(int)answer.StatusCode}, and the text of the error was cut off: {e.Message}";
        }
    }

    private static async Task<ResultStream> OpenAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        new(answer, await answer.Content.ReadAsStreamAsync(cancellationToken), Header(answer, "X-ClickHouse-Exception-Tag"));

    private static ClickHouseWritten Written(string? summary)
    {
        if (summary is null) return default;
        using var json = JsonDocument.Parse(summary);
        return new ClickHouseWritten(Number("written_rows"), Number("written_bytes"));

        long Number(string name) => json.RootElement.TryGetProperty(name, out var value) && long.TryParse(value.ToString(), out var number) ? number : 0;
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static string Quote(string name) => $"`{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal)}`";
}

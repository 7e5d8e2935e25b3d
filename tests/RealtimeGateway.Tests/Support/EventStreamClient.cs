using System.Net;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>Reads server-sent events (WHATWG HTML, section 9.2).</summary>
internal sealed class EventStreamClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStreamClient(HttpClient http, HttpResponseMessage response, StreamReader reader)
    {
        _http = http;
        _response = response;
        _reader = reader;
    }

    public HttpResponseMessage Response => _response;

    public static async Task<EventStreamClient> OpenAsync(GatewayServer server, string path, string? lastEventId = null)
    {
        var http = server.Http(null);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (response.StatusCode != HttpStatusCode.OK) throw new HttpRequestException(await response.Content.ReadAsStringAsync(), null, response.StatusCode);
        return new EventStreamClient(http, response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event or comment, <see langword="null"/> at the end.</summary>
    public async Task<SentEvent?> ReadAsync()
    {
        string id = "", name = "", data = "", comment = "";
        using var limit = new CancellationTokenSource(Patience);
        while (await _reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Length == 0) return new SentEvent(id, name, data, comment);
            var colon = line.IndexOf(':');
            var value = line[(colon + 1)..].TrimStart(' ');
            switch (line[..colon])
            {
                case "id": id = value; break;
                case "event": name = value; break;
                case "data": data += value; break;
                case "": comment = ":" + value; break;
            }
        }

        return null;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
        _http.Dispose();
    }
}

internal sealed record SentEvent(string Id, string Name, string Data, string Comment);

using System.Text.Json.Nodes;

namespace Millrace.RealtimeGateway.Tests.Support;

/// <summary>Reads a long answer line by line: JSON lines, or the data of server-sent events.</summary>
internal sealed class LineClient(HttpResponseMessage answer, StreamReader reader) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public HttpResponseMessage Answer => answer;

    public static async Task<LineClient> OpenAsync(HttpClient http, HttpMethod method, string path, HttpContent? body = null)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var request = new HttpRequestMessage(method, path) { Content = body };
        var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        return new LineClient(answer, new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token)));
    }

    /// <summary>The next document; <see langword="null"/> at the end.</summary>
    public async Task<JsonNode?> ReadAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal)) line = line["data: ".Length..];
            if (line.Length > 0) return JsonNode.Parse(line);
        }

        return null;
    }

    public void Dispose()
    {
        reader.Dispose();
        answer.Dispose();
    }
}

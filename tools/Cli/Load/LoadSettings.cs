namespace Millrace.Cli.Load;

/// <summary>What to send, and how fast.</summary>
internal sealed record LoadSettings(Uri Url, string Key, string Stream, int Rate, int Seconds, int Batch, int Connections, int Keys)
{
    public const string Help = """
        usage: ./millrace load [options]
        Sends synthetic purchases (about 210 bytes of JSON each) and reports what was accepted.
          --url URL          where Millrace answers       (default http://127.0.0.1:8080)
          --key KEY          API key with scope ingest    (default: environment MILLRACE_KEY)
          --stream NAME      stream to send to            (default load)
          --rate N           events a second, 0 = as fast as answered (default 1000)
          --seconds N        how long                     (default 10)
          --batch N          events a request             (default 100)
          --connections N    requests in flight           (default 4)
          --keys N           distinct sources             (default 10000)
        Exit code: 0 when everything sent was accepted, 1 otherwise.
        """;

    public static LoadSettings Parse(Arguments arguments)
    {
        var url = arguments.Text("url") ?? "http://127.0.0.1:8080";
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")) throw new UsageException($"--url takes an http address, not '{url}'");
        var settings = new LoadSettings(
            uri,
            arguments.Text("key") ?? Environment.GetEnvironmentVariable("MILLRACE_KEY") ?? throw new UsageException("an API key is needed: --key or the environment variable MILLRACE_KEY"),
            arguments.Text("stream") ?? "load",
            arguments.Number("rate", 1_000, 0, 10_000_000),
            arguments.Number("seconds", 10, 1, 86_400),
            arguments.Number("batch", 100, 1, 10_000),
            arguments.Number("connections", 4, 1, 1_024),
            arguments.Number("keys", 10_000, 1, 10_000_000));
        arguments.RefuseUnknown();
        return settings;
    }
}

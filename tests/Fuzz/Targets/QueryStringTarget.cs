using System.Text;
using Microsoft.AspNetCore.Http;
using Millrace.Alerting.Http;
using Millrace.Archiver.Api;
using Millrace.ClickHouse.Embedded.Http;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.RealtimeGateway.Windows;
using Credentials = Millrace.Hosting.Authentication.Credentials;

namespace Millrace.Fuzz.Targets;

/// <summary>Query strings, cursors and credentials in headers, as every service's endpoints read them.</summary>
internal sealed class QueryStringTarget : Target
{
    private static readonly string[] Keys =
    [
        "stream", "type", "from", "to", "limit", "cursor", "agg", "value", "final", "size", "since", "mode", "tenant", "access_token", "query", "database", "user", "password", "session_timeout",
        "query_id", "param_x", "max_threads", "readonly", "compress", "role", "default_format",
    ];

    private static readonly byte[][] Words = [.. new[] { "%", "%0", "%u0041", "%ff", "&", "=", "&&", "limit=", "cursor=", "from=", "+", "%2B", "?", "#", "[]", "a[b]=c", "%00", "%C0%80" }.Select(Encoding.Latin1.GetBytes)];

    private int _limit;
    private long _from;
    private string _cursor = "";

    public override string Name => "query-string";

    /// <summary>The framework's own reading of headers and queries.</summary>
    public override long AllocationBase => 128 * 1024;

    public override byte[] Make(Source source)
    {
        var pairs = new List<string>();
        for (var count = source.Below(8); count > 0; count--) pairs.Add(source.Of(Keys) + source.Of(["=", "=", "=", ""]) + Value(source));
        var headers = new List<(string, string)>();
        if (source.Once(3)) headers.Add(("Authorization", source.Of(["Bearer ", "bearer", "Basic ", "", "Basic", "Digest x", "Bearer  "]) + Convert.ToBase64String(Encoding.UTF8.GetBytes(source.Word(4) + source.Of([":", ""]) + source.Word(8)))));
        if (source.Once(5)) headers.Add(("X-API-Key", source.Of(["", " ", "mk_a_b", source.Word(50)])));
        if (source.Once(6)) headers.Add(("X-ClickHouse-User", source.Word(4)));
        if (source.Once(6)) headers.Add(("If-Match", source.Of(["\"1\"", "*", "W/\"1\"", "1", "\"\"", "\"99999999999999999999\""])));
        var input = HeadersAndBody.Write(headers, Encoding.Latin1.GetBytes("?" + string.Join("&", pairs)));
        return source.Once(2) ? input : Mutator.Damage(input, source, Words);
    }

    public override bool Parse(byte[] input)
    {
        var context = Context(input);
        var request = context.Request;
        Credentials.Read(request);
        var arguments = new Arguments(request.Query);
        arguments.Stream();
        arguments.Text("type", 128);
        _limit = arguments.Number("limit", 100, 1, 1000);
        _from = arguments.Time("from", 0);
        _cursor = request.Query["cursor"].ToString();
        _ = WindowCursor.TryParse(_cursor, out _);
        var page = Requests.TryReadPage(context, out _, out var cursor, out _) && Requests.TryReadPosition(cursor, out _);
        Requests.TryReadIfMatch(context, out _, out _);
        try
        {
            Millrace.ClickHouse.Embedded.Auth.Credentials.Of(request);
            RequestParameters.Of(request);
        }
        catch (ChdbException)
        {
            return false;
        }

        return page && arguments.Error is null;
    }

    public override void Check(byte[] input, bool accepted)
    {
        Require.That(_limit is >= 1 and <= 1000, "a limit beyond the most");
        Require.That(_from is > -100_000_000_000_000 and < 300_000_000_000_000, "a time beyond all calendars");
        if (WindowCursor.TryParse(_cursor, out var cursor))
        {
            Require.That(WindowCursor.TryParse(cursor.Format(), out var again) && again == cursor, "a cursor is not the same when it comes back");
        }
    }

    private static DefaultHttpContext Context(byte[] input)
    {
        var parts = HeadersAndBody.Of(input);
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        foreach (var header in parts.Headers.Where(header => header.Key.Length > 0).GroupBy(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase))
            context.Request.Headers[header.Key] = header.ToArray();
        var query = Encoding.Latin1.GetString(parts.Body);
        context.Request.QueryString = new QueryString(query.Length == 0 || query[0] == '?' ? query : "?" + query);
        return context;
    }

    private static string Value(Source source) => source.Below(9) switch
    {
        0 => Numbers.Any(source),
        1 => "2026-01-31T12:00:00Z",
        2 => source.Of(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-01-31T12:00:00+01:00", "now", "5/1", "24:00", "-1"]),
        3 => new WindowCursor((long)source.Bits(), source.Below(1000), source.Word(3), source.Once(3) ? "é\n\0" : source.Word(3)).Format(),
        4 => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{Numbers.Any(source)}:{source.Word(3)}")),
        5 => System.Buffers.Text.Base64Url.EncodeToString(source.Bytes(source.Below(30))),
        6 => $"{source.Below(100)}{source.Of(["s", "ms", "m", ""])}",
        7 => source.Word(source.Length(64, 128, 4096)),
        _ => source.Of(["true", "minute", "deltas", "%E2%82%AC", "", "a:1", ":", "1:"]),
    };
}

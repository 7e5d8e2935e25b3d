using System.Collections.Frozen;
using System.Globalization;
using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>What a request says besides its body and its credentials.</summary>
internal sealed class RequestParameters
{
    private const string ParameterPrefix = "param_";

    /// <summary>Names in the URL that are no settings. Those without an effect here are about transport and are answered by how this endpoint always works.</summary>
    private static readonly FrozenSet<string> _transport = FrozenSet.Create(
        "query", "database", "default_format", "query_id", "user", "password", "quota_key", "stacktrace", "session_id", "session_timeout", "session_check",
        "close_session", "buffer_size", "http_response_buffer_size", "wait_end_of_query", "enable_http_compression", "http_zlib_compression_level",
        "send_progress_in_http_headers", "http_headers_progress_interval_ms", "add_http_cors_header", "cancel_http_readonly_queries_on_client_close",
        "client_protocol_version", "http_write_exception_in_output_format", "http_max_field_value_size", "http_connection_timeout", "keep_alive_timeout");

    private RequestParameters()
    {
    }

    /// <summary>The statement or its beginning, from the URL.</summary>
    public required string Query { get; init; }

    /// <summary>The current database; empty is ClickHouse's own default.</summary>
    public required string Database { get; init; }

    /// <summary>The format of results when the statement names none.</summary>
    public required string DefaultFormat { get; init; }

    /// <summary>The request's name, chosen by the client or here.</summary>
    public required string QueryId { get; init; }

    /// <summary>The session to use; empty is one for this request alone.</summary>
    public required string SessionId { get; init; }

    /// <summary>How long the session may be idle.</summary>
    public required TimeSpan SessionTimeout { get; init; }

    /// <summary>Whether the session must exist.</summary>
    public required bool SessionMustExist { get; init; }

    /// <summary>Whether the answer begins only when the query has ended, so that an error always has its status.</summary>
    public required bool WaitEndOfQuery { get; init; }

    /// <summary>Whether the result may be compressed as the client accepts.</summary>
    public required bool Compress { get; init; }

    /// <summary>Values of the statement's parameters, in ClickHouse's escaped form.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; }

    /// <summary>Settings for this request.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; }

    /// <summary>Reads them.</summary>
    /// <exception cref="ChdbException">One asks for what is not here, or can't be.</exception>
    public static RequestParameters Of(HttpRequest request)
    {
        var query = request.Query;
        Refuse(query["compress"] == "1" || query["decompress"] == "1", "compress and decompress (ClickHouse's own compression; use Content-Encoding and Accept-Encoding)");
        Refuse(query["role"].ToString().Length > 0, "role");
        var parameters = new List<KeyValuePair<string, string>>();
        var settings = new List<KeyValuePair<string, string>>();
        foreach (var (name, values) in query)
        {
            var value = values.ToString();
            if (name.StartsWith(ParameterPrefix, StringComparison.Ordinal)) parameters.Add(new(name[ParameterPrefix.Length..], value));
            else if (_transport.Contains(name) || name is "compress" or "decompress" or "role") continue;
            else if (!SettingsStatement.IsName(name)) throw ChdbException.Of(ServerError.UnknownSetting, $"Setting {name} is neither a builtin setting nor a parameter.");
            else settings.Add(new(name, value));
        }
        return new RequestParameters
        {
            Query = query["query"].ToString(),
            Database = FirstOf(query["database"].ToString(), request.Headers["X-ClickHouse-Database"].ToString()),
            DefaultFormat = FirstOf(query["default_format"].ToString(), request.Headers["X-ClickHouse-Format"].ToString(), "TabSeparated"),
            QueryId = QueryIdOf(query["query_id"].ToString()),
            SessionId = query["session_id"].ToString(),
            SessionTimeout = SessionTimeoutOf(query["session_timeout"].ToString()),
            SessionMustExist = IsTrue(query["session_check"]),
            WaitEndOfQuery = IsTrue(query["wait_end_of_query"]),
            Compress = IsTrue(query["enable_http_compression"]),
            Parameters = parameters,
            Settings = settings,
        };
    }

    private static string QueryIdOf(string given)
    {
        if (given.Length == 0) return Guid.NewGuid().ToString();
        if (given.Length > 256 || given.Any(c => c is < ' ' or > '~')) throw ChdbException.Of(ServerError.BadArguments, "query_id must be at most 256 printable ASCII characters.");
        return given;
    }

    /// <summary>ClickHouse's default is 60 s, its most an hour.</summary>
    private static TimeSpan SessionTimeoutOf(string given)
    {
        if (given.Length == 0) return TimeSpan.FromSeconds(60);
        return uint.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw ChdbException.Of(ServerError.BadArguments, $"Session timeout '{given}' is no number of seconds up to 3600.");
    }

    private static string FirstOf(params ReadOnlySpan<string> values)
    {
        foreach (var value in values)
        {
            if (value.Length > 0) return value;
        }
        return "";
    }

    private static bool IsTrue(string? value) => value is "1" or "true";

    private static void Refuse(bool asked, string what)
    {
        if (asked) throw ChdbException.Of(ServerError.NotImplemented, $"The embedded server does not know {what}.");
    }
}

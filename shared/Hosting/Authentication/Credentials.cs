using Microsoft.AspNetCore.Http;

namespace Millrace.Hosting.Authentication;

/// <summary>Finds the credential of a request.</summary>
public static class Credentials
{
    private const string Bearer = "Bearer ";
    private const string ApiKey = "apikey ";

    /// <summary>
    /// The credential in <c>Authorization: Bearer</c> or <c>apikey</c>, else in <c>X-API-Key</c>, else, for GET and CONNECT (a browser's WebSocket and
    /// EventSource can set no headers), in <c>?access_token=</c>; <see langword="null"/> when there is none. An Authorization header without a
    /// scheme is the credential itself; one of another scheme is a credential that nobody knows.
    /// </summary>
    public static string? Read(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var headers = request.Headers;
        var authorization = headers.Authorization;
        if (authorization.Count > 0 && authorization[0] is { Length: > 0 } text)
        {
            return text.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? text[Bearer.Length..].Trim()
                : text.StartsWith(ApiKey, StringComparison.OrdinalIgnoreCase) ? text[ApiKey.Length..].Trim()
                : text;
        }

        if (headers.TryGetValue("X-API-Key", out var key) && key.Count > 0 && !string.IsNullOrEmpty(key[0]))
            return key[0]!.Trim();

        if (request.QueryString.HasValue && (HttpMethods.IsGet(request.Method) || HttpMethods.IsConnect(request.Method))
            && request.Query.TryGetValue("access_token", out var token) && token.Count > 0)
            return token[0];

        return null;
    }
}

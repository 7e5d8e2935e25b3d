using System.Net.Http.Headers;
using System.Text;
using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Auth;

/// <summary>User and password as a request gives them.</summary>
internal sealed record Credentials(string User, string Password)
{
    /// <summary>
    /// Reads them: headers <c>X-ClickHouse-User</c> and <c>X-ClickHouse-Key</c>, or HTTP Basic, or <c>?user=&amp;password=</c>; nothing is ClickHouse's user
    /// <c>default</c> without a password.
    /// </summary>
    /// <exception cref="ChdbException">They are given in two ways at once, or can't be read.</exception>
    public static Credentials Of(HttpRequest request)
    {
        var user = request.Headers["X-ClickHouse-User"].ToString();
        var key = request.Headers["X-ClickHouse-Key"].ToString();
        var authorization = request.Headers.Authorization.ToString();
        var inUrl = request.Query.ContainsKey("user") || request.Query.ContainsKey("password");
        if (user.Length > 0 || key.Length > 0)
        {
            if (authorization.Length > 0 || inUrl) throw Refused("Invalid authentication: it is not allowed to use several ways of authentication at once");
            return new Credentials(user.Length > 0 ? user : "default", key);
        }
        if (authorization.Length > 0)
        {
            if (inUrl) throw Refused("Invalid authentication: it is not allowed to use several ways of authentication at once");
            return Basic(authorization);
        }
        var name = request.Query["user"].ToString();
        return new Credentials(name.Length > 0 ? name : "default", request.Query["password"].ToString());
    }

    /// <summary>ClickHouse's refusal, the same whatever was wrong.</summary>
    public ChdbException WrongPassword() =>
        Refused($"{User}: Authentication failed: password is incorrect, or there is no user with such name.");

    private static ChdbException Refused(string text) => ChdbException.Of(ServerError.AuthenticationFailed, text);

    private static Credentials Basic(string authorization)
    {
        if (AuthenticationHeaderValue.TryParse(authorization, out var header) && header is { Scheme: var scheme, Parameter: { } parameter }
            && scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
        {
            var bytes = new byte[parameter.Length];
            if (Convert.TryFromBase64String(parameter, bytes, out var length))
            {
                var text = Encoding.UTF8.GetString(bytes, 0, length);
                var colon = text.IndexOf(':');
                if (colon >= 0) return new Credentials(text[..colon], text[(colon + 1)..]);
            }
        }
        throw Refused("Invalid authentication: the Authorization header must be Basic");
    }
}

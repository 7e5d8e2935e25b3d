using System.Security.Cryptography;
using System.Text;

namespace Millrace.Ports.ClickHouse;

/// <summary>Where ClickHouse answers and with what secret.</summary>
/// <param name="Url">Its HTTP interface.</param>
/// <param name="User">The user with full rights on the database <c>millrace</c>.</param>
/// <param name="Secret">
/// That user's password; also the key from which tenants' passwords are derived: hexadecimal HMAC-SHA256 of the user's name.
/// </param>
public sealed record ClickHouseServer(Uri Url, string User, string Secret)
{
    /// <summary>The password of a user that acts for a tenant: known to who knows the secret, and to nobody else.</summary>
    public string PasswordOf(string user) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(user)));
}

/// <summary>
/// Says where ClickHouse is, and waits while it is not known yet: a fixed server's address is in the options, an embedded one's is known when it has started.
/// Registered as a service by whoever knows; safe from any thread.
/// </summary>
public delegate ValueTask<ClickHouseServer> ClickHouseLocator(CancellationToken cancellationToken);

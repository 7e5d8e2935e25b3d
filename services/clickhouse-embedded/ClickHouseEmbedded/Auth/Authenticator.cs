using System.Security.Cryptography;
using System.Text;
using Millrace.Hosting.Authentication;

namespace Millrace.ClickHouse.Embedded.Auth;

/// <summary>
/// Checks credentials. <c>millrace</c> with the secret is Millrace itself. Any other name is a tenant, with the password that services derive from the secret
/// (hexadecimal HMAC-SHA256 of the tenant's name), or with one of the tenant's API keys.
/// </summary>
internal sealed class Authenticator
{
    private const int MaxPasswordLength = 1024;
    private readonly byte[] _secret;
    private readonly ITenantKeyVerifier _keys;

    /// <summary>Creates it.</summary>
    /// <param name="secret">At least 16 characters.</param>
    /// <param name="keys">Knows the API keys.</param>
    public Authenticator(string secret, ITenantKeyVerifier keys)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, 16, nameof(secret));
        _secret = Encoding.UTF8.GetBytes(secret);
        _keys = keys;
    }

    /// <summary>Who it is.</summary>
    /// <exception cref="Native.ChdbException">AUTHENTICATION_FAILED.</exception>
    public async ValueTask<Principal> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        var password = Encoding.UTF8.GetBytes(credentials.Password);
        if (password.Length is 0 or > MaxPasswordLength) throw credentials.WrongPassword();
        if (credentials.User == Principal.AdministratorName)
            return Same(password, _secret) ? Principal.Administrator : throw credentials.WrongPassword();
        if (!TenantName.IsValid(credentials.User)) throw credentials.WrongPassword();
        var derived = Convert.ToHexStringLower(HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(credentials.User)));
        if (Same(password, Encoding.UTF8.GetBytes(derived)) || await _keys.MayReadAsync(credentials.User, credentials.Password, cancellationToken))
            return new Principal(credentials.User);
        throw credentials.WrongPassword();
    }

    /// <summary>Digests are compared, so neither length nor content shows in the time it takes.</summary>
    private static bool Same(byte[] left, byte[] right) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(left), SHA256.HashData(right));
}

namespace Millrace.Ports.ClickHouse;

/// <summary>Where ClickHouse answers and with what secret.</summary>
/// <param name="Url">Its HTTP interface.</param>
/// <param name="User">The user with full rights on the database <c>millrace</c>.</param>
/// <param name="Secret">
/// That user's password; also the key from which tenants' passwords are derived: hexadecimal HMAC-SHA256 of the tenant's name.
/// </param>
public sealed record ClickHouseServer(Uri Url, string User, string Secret);

/// <summary>
/// Says where ClickHouse is, and waits while it is not known yet: a fixed server's address is in the options, an embedded one's is known when it has started.
/// Registered as a service by whoever knows; safe from any thread.
/// </summary>
public delegate ValueTask<ClickHouseServer> ClickHouseLocator(CancellationToken cancellationToken);

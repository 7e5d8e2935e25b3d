namespace Millrace.ClickHouse.Embedded.Auth;

/// <summary>Who a request is from.</summary>
/// <param name="Tenant">The tenant, or <see langword="null"/> for Millrace itself, which may do everything.</param>
internal sealed record Principal(string? Tenant)
{
    /// <summary>User name of Millrace itself.</summary>
    public const string AdministratorName = "millrace";

    /// <summary>Millrace itself.</summary>
    public static readonly Principal Administrator = new((string?)null);
}

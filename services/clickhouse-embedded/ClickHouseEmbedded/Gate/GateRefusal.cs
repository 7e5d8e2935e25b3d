using Millrace.ClickHouse.Embedded.Native;

namespace Millrace.ClickHouse.Embedded.Gate;

/// <summary>Refusals of the gate, with what is allowed instead.</summary>
internal static class GateRefusal
{
    /// <summary>ACCESS_DENIED.</summary>
    public static ChdbException Of(string what) => ChdbException.Of(
        ServerError.AccessDenied,
        $"{what} Allowed is one SELECT over events, rollup_1m, rollup_1h and rollup_1d (with or without the database millrace), where only your own rows show, "
        + "and SHOW TABLES, SHOW DATABASES, SHOW COLUMNS, SHOW CREATE TABLE, DESCRIBE and EXISTS of these tables.");

    /// <summary>ACCESS_DENIED, for a setting.</summary>
    public static ChdbException Setting(string name) => ChdbException.Of(
        ServerError.AccessDenied, $"Cannot modify '{name}' setting in readonly mode. {TenantSettings.Allowed}");
}

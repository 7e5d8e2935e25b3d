using System.Globalization;

namespace Millrace.Archiver.ClickHouse;

/// <summary>
/// The statements that make and remove users on a ClickHouse server. A user may select from the four tables and nothing else, and row policies show it one
/// tenant's rows: a permissive one, and a restrictive one so that no policy that somebody adds for everybody can show it more. All may be run again.
/// </summary>
internal sealed class AccessStatements(Tables tables, ArchiverOptions options)
{
    /// <summary>The role with the right to read.</summary>
    public const string Role = "millrace_tenant";

    /// <summary>The profile of the API's own users.</summary>
    public const string ApiProfile = "millrace_api";

    /// <summary>The profile of BI users.</summary>
    public const string BiProfile = "millrace_bi";

    private string AllTables => string.Join(", ", tables.Targets.Select(target => target.Name));

    /// <summary>Name of the user with which the API asks on a tenant's behalf. A tenant's name has no dot, so it is never that of a BI user.</summary>
    public static string ApiUser(string tenant) => tenant + ".api";

    /// <summary>Name of a tenant's BI user.</summary>
    public string BiUser(string tenant) => options.BiUsers.Prefix + tenant;

    /// <summary>What all users share: role, limits, and the archiver's own sight of every row.</summary>
    /// <param name="administrator">The archiver's user.</param>
    public IEnumerable<string> Shared(string administrator)
    {
        yield return $"CREATE ROLE IF NOT EXISTS {Role}{tables.OnCluster}";
        foreach (var (_, table) in tables.Targets) yield return $"GRANT{tables.OnCluster} SELECT ON {table} TO {Role}";
        // The API sets its limits with each query; a BI user has them from here.
        var query = options.Query;
        foreach (var statement in Profile(ApiProfile, 2, query.Timeout, query.MaxRows, query.MemoryBytes, query.ConcurrentPerTenant)) yield return statement;
        var bi = options.BiUsers;
        foreach (var statement in Profile(BiProfile, bi.MayChangeSettings ? 2 : 1, bi.Timeout, bi.MaxRows, bi.MemoryBytes, bi.Concurrent)) yield return statement;
        yield return $"CREATE ROW POLICY OR REPLACE millrace_everything{tables.OnCluster} ON {AllTables} FOR SELECT USING 1 AS PERMISSIVE TO {Sql.Name(administrator)}";
    }

    /// <summary>Makes a user, or gives one that is there another password. It can read nothing before its policies stand.</summary>
    /// <param name="user">Its name.</param>
    /// <param name="tenant">The tenant whose rows it sees.</param>
    /// <param name="profile">Its limits.</param>
    /// <param name="sha256">SHA-256 of its password, hexadecimal: the password itself never reaches the server's logs.</param>
    public IEnumerable<string> Make(string user, string tenant, string profile, string sha256)
    {
        var name = Sql.Name(user);
        var password = $"IDENTIFIED WITH sha256_hash BY {Sql.Text(sha256)}";
        yield return $"CREATE USER IF NOT EXISTS {name}{tables.OnCluster} {password} DEFAULT DATABASE {tables.Database} SETTINGS PROFILE {Sql.Text(profile)}";
        foreach (var kind in (string[])["PERMISSIVE", "RESTRICTIVE"])
            yield return $"CREATE ROW POLICY OR REPLACE {Policy(user, kind)}{tables.OnCluster} ON {AllTables} FOR SELECT USING tenant = {Sql.Text(tenant)} AS {kind} TO {name}";
        yield return $"GRANT{tables.OnCluster} {Role} TO {name}";
        yield return $"ALTER USER {name}{tables.OnCluster} {password}";
    }

    /// <summary>Removes a user with its policies.</summary>
    public IEnumerable<string> Remove(string user)
    {
        yield return $"DROP USER IF EXISTS {Sql.Name(user)}{tables.OnCluster}";
        foreach (var kind in (string[])["PERMISSIVE", "RESTRICTIVE"])
            yield return $"DROP ROW POLICY IF EXISTS {Policy(user, kind)} ON {AllTables}{tables.OnCluster}";
    }

    private static string Policy(string user, string kind) => Sql.Name($"millrace {user} {kind.ToLowerInvariant()}");

    private IEnumerable<string> Profile(string name, int readOnly, TimeSpan timeout, long rows, long memory, int concurrent)
    {
        // At least one: zero is without limit.
        var settings = string.Create(
            CultureInfo.InvariantCulture,
            $"readonly = {readOnly} CONST, max_execution_time = {timeout.TotalSeconds} MIN 1 MAX {timeout.TotalSeconds}, max_result_rows = {rows} MIN 1 MAX {rows}, "
            + $"max_memory_usage = {memory} MIN 1 MAX {memory}, max_concurrent_queries_for_user = {concurrent} CONST, result_overflow_mode = 'throw', allow_ddl = 0 CONST");
        yield return $"CREATE SETTINGS PROFILE IF NOT EXISTS {name}{tables.OnCluster} SETTINGS {settings}";
        yield return $"ALTER SETTINGS PROFILE {name}{tables.OnCluster} SETTINGS {settings}";
    }
}

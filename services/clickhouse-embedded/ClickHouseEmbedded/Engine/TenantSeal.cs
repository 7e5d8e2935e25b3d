using System.Security.Cryptography;
using System.Text;

namespace Millrace.ClickHouse.Embedded.Engine;

/// <summary>
/// How a session says for which tenant it reads. The value travels in a setting that nothing else here uses (ClickHouse knows no session variables that a row
/// policy could read, and this build takes no custom ones), and it is sealed: a row policy shows rows only to a value that carries the SHA-256 of a secret and
/// the tenant's name. The secret lives as long as the process. So even SQL that managed to change the setting (ClickHouse does not check SETTINGS of
/// subqueries against <c>readonly</c>) could only see nothing.
/// </summary>
internal sealed class TenantSeal
{
    /// <summary>The setting that carries it: a free text meant for Redis and NATS tables, of which there are none.</summary>
    public const string Setting = "stream_like_engine_insert_queue";

    private const int DigestLength = 64;
    private readonly string _secret = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The value with which a session sees the rows of every tenant.</summary>
    public string Everyone => Of("");

    /// <summary>The condition on which a row is shown; ClickHouse folds it to <c>tenant = '…'</c>, so the primary key is used.</summary>
    public string RowFilter
    {
        get
        {
            var value = $"getSetting('{Setting}')";
            var tenant = $"substring({value}, {DigestLength + 1})";
            return $"substring({value}, 1, {DigestLength}) = hex(SHA256(concat('{_secret}', {tenant}))) AND ({tenant} = '' OR tenant = {tenant})";
        }
    }

    /// <summary>The value with which a session sees one tenant's rows.</summary>
    public string Of(string tenant) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(_secret + tenant))) + tenant;
}

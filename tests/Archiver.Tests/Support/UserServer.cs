using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Millrace.Archiver.Tests.Support;

/// <summary>
/// Makes the embedded ClickHouse behind a proxy look like a server with users of its own. Statements about users are parsed by ClickHouse's own parser and then
/// kept here: who there is, with what password. A user whose password is right reads as its tenant.
/// </summary>
internal sealed partial class UserServer(ClickHouseFixture fixture)
{
    private readonly ConcurrentDictionary<string, string> _hashes = new(StringComparer.Ordinal);

    /// <summary>Names of users that Millrace has not made.</summary>
    public HashSet<string> Strangers { get; } = ["default", "millrace"];

    /// <summary>Every statement about users, roles, profiles and policies, in order.</summary>
    public ConcurrentQueue<string> Statements { get; } = [];

    public async Task<ClickHouseProxy.Treatment?> InspectAsync(HttpRequest request, string statement)
    {
        var server = await fixture.Locate(CancellationToken.None);
        var user = request.Headers["X-ClickHouse-User"].ToString();
        if (user == server.User) return await AdministerAsync(request, statement);
        if (statement == "ping") return null;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers["X-ClickHouse-Key"].ToString())));
        if (!_hashes.TryGetValue(user, out var expected) || expected != hash)
            return ClickHouseProxy.Treatment.Fail(System.Net.HttpStatusCode.Forbidden, 516, "Authentication failed");
        // Which tenant's rows a user sees is what its restrictive policy says.
        var policy = Statements.Last(made => made.StartsWith("CREATE ROW POLICY", StringComparison.Ordinal) && made.EndsWith($"AS RESTRICTIVE TO `{user}`", StringComparison.Ordinal));
        var tenant = TenantOfPolicy().Match(policy).Groups[1].Value;
        request.Headers["X-ClickHouse-User"] = tenant;
        request.Headers["X-ClickHouse-Key"] = server.PasswordOf(tenant);
        return null;
    }

    private async Task<ClickHouseProxy.Treatment?> AdministerAsync(HttpRequest request, string statement)
    {
        var asked = request.Query["param_user"].ToString();
        if (statement.Contains("tenant_system", StringComparison.Ordinal)) return Rows(0);
        if (statement.Contains("FROM system.users", StringComparison.Ordinal)) return Rows(_hashes.ContainsKey(asked) || Strangers.Contains(asked) ? 1 : 0);
        if (statement.Contains("FROM system.settings_profile_elements", StringComparison.Ordinal)) return Rows(_hashes.ContainsKey(asked) ? 1 : 0);
        if (!AboutAccess().IsMatch(statement)) return null;
        await fixture.ParseAsync(statement);
        Statements.Enqueue(statement);
        if (WithPassword().Match(statement) is { Success: true } set) _hashes[set.Groups[1].Value] = set.Groups[2].Value;
        if (Dropped().Match(statement) is { Success: true } gone) _hashes.TryRemove(gone.Groups[1].Value, out _);
        return new ClickHouseProxy.Treatment(Status: 200);
    }

    private static ClickHouseProxy.Treatment Rows(int count) => new(Status: 200, Text: $"[{count}]\n");

    [GeneratedRegex(@"^(CREATE|ALTER|DROP) (USER|ROLE|ROW POLICY|SETTINGS PROFILE)|^GRANT")]
    private static partial Regex AboutAccess();

    [GeneratedRegex(@"USER (?:IF NOT EXISTS )?`([^`]+)`.* sha256_hash BY '([0-9a-f]{64})'")]
    private static partial Regex WithPassword();

    [GeneratedRegex(@"DROP USER IF EXISTS `([^`]+)`")]
    private static partial Regex Dropped();

    [GeneratedRegex(@"USING tenant = '([^']+)'")]
    private static partial Regex TenantOfPolicy();
}

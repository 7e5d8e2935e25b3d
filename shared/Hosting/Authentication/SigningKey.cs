using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using Millrace.Ports.Metadata;

namespace Millrace.Hosting.Authentication;

/// <summary>The HS256 key that all instances share: the configured one, or a random one in the metadata database.</summary>
internal sealed class SigningKey(IMetadataDatabase database, IOptions<AuthOptions> options)
{
    private const string Setting = "auth.signing_key";
    private volatile SymmetricSecurityKey? _key =
        options.Value.SigningKey is { } configured ? new SymmetricSecurityKey(Encoding.UTF8.GetBytes(configured)) : null;

    /// <summary>The key, once it is known.</summary>
    public SymmetricSecurityKey? Current => _key;

    /// <summary>The key; <see langword="null"/> when the database has none yet (no host with write access has started on it).</summary>
    public async ValueTask<SymmetricSecurityKey?> GetAsync(CancellationToken cancellationToken)
    {
        if (_key is { } key)
            return key;
        await using var connection = await database.OpenAsync(cancellationToken);
        var stored = await connection.QuerySingleOrDefaultAsync<string>(new CommandDefinition(
            "SELECT value FROM hosting_settings WHERE name = @name", new { name = Setting }, cancellationToken: cancellationToken));
        return stored is null ? null : _key = new SymmetricSecurityKey(Convert.FromBase64String(stored));
    }

    /// <summary>Makes the key unless there is one. Of several instances that start at once, all end with the same.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (await GetAsync(cancellationToken) is not null)
            return;
        var made = Convert.ToBase64String(RandomNumberGenerator.GetBytes(AuthOptionsRules.KeyBytes));
        await database.InTransactionAsync(
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO hosting_settings (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING",
                new { name = Setting, value = made },
                transaction,
                cancellationToken: token)),
            cancellationToken);
        await GetAsync(cancellationToken);
    }
}

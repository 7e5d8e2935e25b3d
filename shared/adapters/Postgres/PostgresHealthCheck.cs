using System.Globalization;
using Dapper;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Millrace.Adapters.Postgres;

/// <summary>Well while the server answers and takes writes; a standby does not.</summary>
internal sealed class PostgresHealthCheck(PostgresMetadataDatabase database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        var readOnly = await connection.ExecuteScalarAsync<string>(new CommandDefinition("SHOW transaction_read_only", cancellationToken: cancellationToken));
        var data = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["server"] = connection.ServerVersion,
            ["listening"] = database.IsListening.ToString(CultureInfo.InvariantCulture),
        };
        return readOnly == "off"
            ? HealthCheckResult.Healthy($"{database.Place} answers.", data)
            : HealthCheckResult.Unhealthy($"{database.Place} takes no writes.", data: data);
    }
}

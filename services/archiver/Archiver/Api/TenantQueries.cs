using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Millrace.Archiver.ClickHouse;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary>
/// Runs queries on behalf of the caller's tenant, within the limits, and turns what goes wrong into problems. ClickHouse shows such a query the
/// tenant's rows and nothing else, whatever it says.
/// </summary>
internal sealed class TenantQueries(
    IClickHouse clickHouse, TenantUsers users, QuerySlots slots, IOptions<ArchiverOptions> options, TimeProvider time)
{
    // ClickHouse ends a query at its limit by itself; this ends the wait for a ClickHouse that is away.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    // UNKNOWN_USER, AUTHENTICATION_FAILED
    private static readonly int[] _strangerCodes = [192, 516];

    /// <summary>Runs one endpoint's work.</summary>
    /// <param name="context">The request; cancelling it cancels the query.</param>
    /// <param name="endpoint">Its name in metrics.</param>
    /// <param name="work">Queries and answers.</param>
    public async Task RunAsync(HttpContext context, string endpoint, Func<TenantQuery, CancellationToken, Task> work)
    {
        var started = time.GetTimestamp();
        var outcome = "failed";
        try
        {
            var tenant = context.GetCaller().Tenant;
            using var slot = slots.TryTake(tenant, out var own);
            if (slot is null)
            {
                outcome = "limited";
                await Problems.WriteAsync(
                    context, own ? ErrorCodes.TooManyQueries : ErrorCodes.Overloaded,
                    own ? $"{options.Value.Query.ConcurrentPerTenant} queries of this tenant are running." : "All places for queries are taken.");
                return;
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
            limit.CancelAfter(options.Value.Query.Timeout + Grace);
            var scope = new ClickHouseQuery("")
            {
                Tenant = tenant,
                TenantUser = await users.ForQueriesAsync(tenant, limit.Token),
                Database = options.Value.Schema.Database,
                Settings = Settings(),
            };
            await work(new TenantQuery(clickHouse, scope), limit.Token);
            outcome = "answered";
        }
        catch (ClickHouseException e) when (_strangerCodes.Contains(e.Code))
        {
            users.Forget(context.GetCaller().Tenant);
            outcome = ErrorCodes.Unavailable.Code;
            await Problems.WriteAsync(context, ErrorCodes.Unavailable, "ClickHouse does not know the tenant's user; it is made with the next query.");
        }
        catch (ClickHouseException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            var (error, detail) = QueryErrors.Of(e);
            outcome = error.Code;
            await Problems.WriteAsync(context, error, detail, ("clickhouse_code", e.Code));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            outcome = "cancelled";
        }
        catch (OperationCanceledException)
        {
            outcome = ErrorCodes.Unavailable.Code;
            await Problems.WriteAsync(context, ErrorCodes.Unavailable, "ClickHouse does not answer.");
        }
        finally
        {
            ArchiverMetrics.Queried(endpoint, outcome, time.GetElapsedTime(started));
        }
    }

    private Dictionary<string, string> Settings()
    {
        var limits = options.Value.Query;
        return new Dictionary<string, string>
        {
            ["max_execution_time"] = limits.Timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            ["max_result_rows"] = limits.MaxRows.ToString(CultureInfo.InvariantCulture),
            ["max_result_bytes"] = limits.MaxBytes.ToString(CultureInfo.InvariantCulture),
            ["max_memory_usage"] = limits.MemoryBytes.ToString(CultureInfo.InvariantCulture),
            ["result_overflow_mode"] = "throw",
            ["output_format_json_quote_64bit_integers"] = "0",
            ["output_format_json_quote_denormals"] = "0",
        };
    }
}

/// <summary>ClickHouse as one tenant's request sees it.</summary>
/// <param name="clickHouse">ClickHouse.</param>
/// <param name="scope">Tenant, user, database and limits.</param>
internal sealed class TenantQuery(IClickHouse clickHouse, ClickHouseQuery scope)
{
    /// <summary>Runs a query.</summary>
    public Task<ClickHouseResult> OpenAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
        clickHouse.QueryAsync(Scoped(query), cancellationToken);

    /// <summary>Runs a query whose result is small, and reads all of it.</summary>
    public Task<IReadOnlyList<System.Text.Json.JsonElement[]>> ReadAsync(ClickHouseQuery query, CancellationToken cancellationToken) =>
        ClickHouseRows.ReadAsync(clickHouse, Scoped(query), cancellationToken);

    private ClickHouseQuery Scoped(ClickHouseQuery query) => scope with { Sql = query.Sql, Parameters = query.Parameters, Format = query.Format };
}

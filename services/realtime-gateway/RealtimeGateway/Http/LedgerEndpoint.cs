using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Ledger;
using Millrace.Ports.EventLog;

namespace Millrace.RealtimeGateway.Http;

/// <summary>
/// <c>GET /api/v1/ledger</c>: what became of every event of the tenant. The intake stage counts what is on the log a moment after it was put there; the
/// answer waits until it has counted everything that was there when it was asked for.
/// </summary>
internal sealed class LedgerEndpoint(LedgerStore ledger, IEventLog log, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly string[] Counted = [Topics.Events, Topics.DeadLetter];

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = ActivatorUtilities.CreateInstance<LedgerEndpoint>(endpoints.ServiceProvider);
        endpoints.MapGet("/api/v1/ledger", (RequestDelegate)self.AnswerAsync).RequireScopes(Scopes.Read);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        await WaitForIntakeAsync(context.RequestAborted);
        var tenant = context.GetCaller().Tenant;
        var c = await ledger.ReadAsync(tenant, context.RequestAborted);
        await RequestBody.WriteAsync(context, Balance(tenant, c), GatewayJson.Default.LedgerAnswer);
    }

    /// <summary>The answer for these counts. Pending is what the slower of the two ways, windows and archive, still has before it.</summary>
    internal static LedgerAnswer Balance(string tenant, LedgerCounts c)
    {
        var toAggregate = c.Received - c.Rejected - c.Aggregated - c.Late - c.Duplicate;
        var toArchive = c.Received - c.Rejected - c.Duplicate - c.Archived;
        return new LedgerAnswer(
            tenant, c.Received, c.Aggregated, c.Late, c.Duplicate, c.Rejected, c.DeadLettered, c.Archived, Math.Max(0, Math.Max(toAggregate, toArchive)));
    }

    private async Task WaitForIntakeAsync(CancellationToken cancellationToken)
    {
        var ends = new List<(string Topic, TopicInfo Info)>();
        foreach (var topic in Counted) ends.Add((topic, await log.DescribeAsync(topic, cancellationToken)));
        var since = time.GetTimestamp();
        while (time.GetElapsedTime(since) < Patience)
        {
            var passed = true;
            foreach (var (topic, info) in ends)
            {
                var upto = await ledger.UptoAsync(LedgerStages.Intake, topic, cancellationToken);
                // An empty partition has nothing to count, and the stage has nothing to store for it.
                passed &= info.Partitions.All(p => p.EndOffset == p.EarliestOffset || upto.GetValueOrDefault(p.Partition) >= p.EndOffset);
            }

            if (passed) return;
            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}

using System.Buffers;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.Hosting.Incidents;

namespace Millrace.RealtimeGateway.Http;

/// <summary>
/// <c>GET /api/v1/incidents</c>: what is or was wrong, newest first. A tenant sees its own and what concerns everybody; an operator sees all, or
/// with <c>?tenant=</c> what that tenant sees.
/// </summary>
internal sealed class IncidentEndpoint(IncidentStore store)
{
    private const int Page = 100;
    private const int MaxPage = 1000;
    private const int LongestText = 64;
    private static readonly SearchValues<char> _idLetters = SearchValues.Create("0123456789abcdef");

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var self = ActivatorUtilities.CreateInstance<IncidentEndpoint>(endpoints.ServiceProvider);
        endpoints.MapGet("/api/v1/incidents", (RequestDelegate)self.ListAsync).RequireScopes(Scopes.Read);
    }

    private async Task ListAsync(HttpContext context)
    {
        var caller = context.GetCaller();
        if (!TryRead(context.Request.Query, out var query, out var problem))
        {
            await Problems.WriteAsync(context, ErrorCodes.BadRequest, problem);
            return;
        }

        if (!caller.IsOperator || context.Request.Query.ContainsKey("tenant")) query = query with { Tenant = caller.Tenant };
        var found = await store.ReadAsync(query with { Limit = query.Limit + 1 }, context.RequestAborted);
        var items = found.Take(query.Limit).Select(incident => Answer(incident, caller.IsOperator)).ToArray();
        var next = found.Count > query.Limit ? string.Create(CultureInfo.InvariantCulture, $"{items[^1].StartedAt.ToUnixTimeMilliseconds()}-{items[^1].Id}") : null;
        context.Response.Headers.CacheControl = "no-store";
        await RequestBody.WriteAsync(context, new Page<IncidentAnswer>(items, next), GatewayJson.Default.PageIncidentAnswer);
    }

    // Which machine it is, and whom else it concerns, is nothing to a tenant.
    private static IncidentAnswer Answer(Incident incident, bool all)
    {
        var report = incident.Report;
        return new IncidentAnswer(
            incident.Id, report.Service, report.Kind, report.Subject, report.Step, report.Cause, report.Peak, report.PeakUnit, incident.Times,
            incident.StartedAt, incident.SeenAt, incident.EndedAt, all ? incident.Instance : null, all ? report.Audience : null);
    }

    private static bool TryRead(IQueryCollection query, out IncidentQuery result, out string problem)
    {
        problem = "";
        result = new IncidentQuery { Limit = Page, Kind = Text("kind"), Service = Text("service") };
        if (result.Kind?.Length > LongestText || result.Service?.Length > LongestText) problem = $"?kind= and ?service= have at most {LongestText} characters.";
        if (Text("limit") is { } limit)
        {
            if (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= MaxPage) result = result with { Limit = n };
            else problem = $"?limit= is 1 to {MaxPage}.";
        }

        if (Text("open") is { } open)
        {
            if (open is "true" or "1") result = result with { OpenOnly = true };
            else if (open is not ("false" or "0")) problem = "?open= is true or false.";
        }

        if (Text("cursor") is { } cursor)
        {
            var dash = cursor.IndexOf('-', StringComparison.Ordinal);
            if (dash > 0 && long.TryParse(cursor.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out var at) && IsId(cursor.AsSpan(dash + 1)))
                result = result with { Before = (at, cursor[(dash + 1)..]) };
            else problem = "?cursor= is not one of ours.";
        }

        return problem.Length == 0;

        string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;
    }

    private static bool IsId(ReadOnlySpan<char> text) => text.Length is > 0 and <= LongestText && !text.ContainsAnyExcept(_idLetters);
}

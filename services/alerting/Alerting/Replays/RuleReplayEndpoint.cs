using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Millrace.Alerting.Http;
using Millrace.Alerting.Rules;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.Ports.EventLog;

namespace Millrace.Alerting.Replays;

/// <summary><c>POST /api/v1/rules/{id}/replays</c>: what a rule, as it is or as it is given, would have raised in a time range.</summary>
internal sealed class RuleReplayEndpoint(RuleReplayer replayer, RuleStore rules, RuleParser parser) : IDisposable
{
    private static readonly TimeSpan _longestRange = TimeSpan.FromDays(31);
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(60);

    // Reading a month of windows costs what it costs; one at a time leaves the rest of the machine to the present.
    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Maps it.</summary>
    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapPost("/api/v1/rules/{id}/replays", Requests.Handler(ReplayAsync)).RequireScopes(Scopes.Read);

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>Reads a body.</summary>
    /// <param name="body">The document.</param>
    /// <param name="parser">For the rule in it.</param>
    /// <param name="tenant">The caller's.</param>
    /// <param name="id">The rule's, by the path.</param>
    /// <param name="errors">Receives what is wrong; then there is no result.</param>
    internal static (long FromMs, long ToMs, Rule? Given)? Read(JsonElement body, RuleParser parser, string tenant, string id, FieldErrors errors)
    {
        if (JsonFields.Open(body, errors) is not { } fields) return null;
        var (from, to) = (Time(fields, "from"), Time(fields, "to"));
        var given = body.TryGetProperty("rule", out var document) ? parser.Parse(document, tenant, id, errors) : null;
        fields.RejectOthers("rule");
        if (from is { } first && to is { } last && (last <= first || last - first > _longestRange.TotalMilliseconds))
            fields.Error("to", ErrorCodes.BadRequest, $"Must lie after 'from', by at most {_longestRange.TotalDays:0} days.");
        return errors.Any ? null : (from!.Value, to!.Value, given);
    }

    private async Task<IResult> ReplayAsync(HttpContext context, string id)
    {
        var tenant = context.GetCaller().Tenant;
        var (body, refusal) = await Requests.ReadJsonAsync(context);
        if (body is null) return refusal!;
        using (body)
        {
            var errors = new FieldErrors();
            if (Read(body.RootElement, parser, tenant, id, errors) is not { } asked) return Requests.Invalid(errors);
            var rule = asked.Given ?? await rules.FindAsync(tenant, id, context.RequestAborted);
            return rule is null ? WriteResults.NotFound("rule", id) : await RunAsync(rule, asked.FromMs, asked.ToMs, context.RequestAborted);
        }
    }

    private static long? Time(JsonFields fields, string name)
    {
        if (fields.Text(name, 100, required: true) is not { } text) return null;
        if (DateTimeOffset.TryParse(
            text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var time)
            && time.ToUnixTimeMilliseconds() is >= 0 and var ms) return ms;
        fields.Error(name, ErrorCodes.InvalidTime, $"'{text}' is no RFC 3339 time such as 2026-01-31T12:00:00Z.");
        return null;
    }

    private async Task<IResult> RunAsync(Rule rule, long fromMs, long toMs, CancellationToken cancellationToken)
    {
        if (!await _one.WaitAsync(TimeSpan.Zero, cancellationToken))
            return Problems.Result(ErrorCodes.TooManyQueries, "Another rule is being replayed. Try again in a while.");
        try
        {
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bounded.CancelAfter(_timeout);
            var result = await replayer.RunAsync(rule, fromMs, toMs, bounded.Token);
            return Results.Json(RuleReplayDocument.Of(rule.Id, fromMs, toMs, result), AlertingJson.Plain.RuleReplayDocument);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Problems.Result(ErrorCodes.QueryTimeout, $"It took longer than {_timeout.TotalSeconds:0} s. Choose a shorter range.");
        }
        catch (EventLogException e) when (e.Retryable)
        {
            return Problems.Result(ErrorCodes.Unavailable, "The event log can't be read. Try again.");
        }
        finally
        {
            _one.Release();
        }
    }
}

using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary><c>POST /api/v1/query</c>: one SQL statement over the caller's own rows.</summary>
internal sealed class QueryEndpoint(TenantQueries queries, IOptions<ArchiverOptions> options, TimeProvider time)
{
    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var (query, problem) = await ReadAsync(context);
        if (query is null)
        {
            await Problems.WriteAsync(context, problem!.Value.Error, problem.Value.Detail);
            return;
        }

        var started = time.GetTimestamp();
        await queries.RunAsync(context, "query", async (tenant, token) =>
        {
            await using var result = await tenant.OpenAsync(query, token);
            if (result.Format != query.Format)
            {
                await Problems.WriteAsync(context, ErrorCodes.BadRequest, $"The answer is JSON: leave FORMAT {result.Format} away.");
                return;
            }

            await QueryAnswer.WriteAsync(context.Response, result.Body, () => time.GetElapsedTime(started), token);
        });
    }

    private async Task<(ClickHouseQuery? Query, (ErrorCode Error, string Detail)? Problem)> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType()) return (null, (ErrorCodes.UnsupportedMediaType, "Send application/json."));
        var limit = options.Value.Query.StatementBytes;
        var reader = context.Request.BodyReader;
        var read = await reader.ReadAtLeastAsync(limit + 1, context.RequestAborted);
        try
        {
            if (read.Buffer.Length > limit) return (null, (ErrorCodes.TooLarge, $"A statement with its parameters has at most {limit} bytes."));
            return TryRead(read.Buffer.ToArray(), out var query, out var problem) ? (query, null) : (null, (ErrorCodes.BadRequest, problem));
        }
        finally
        {
            reader.AdvanceTo(read.Buffer.End);
        }
    }

    /// <summary>Reads a body; <paramref name="problem"/> says why it is none.</summary>
    internal static bool TryRead(byte[] bytes, [NotNullWhen(true)] out ClickHouseQuery? query, out string problem)
    {
        query = null;
        problem = "";
        try
        {
            if (!JsonUnicode.IsWhole(bytes))
            {
                problem = JsonUnicode.Problem;
                return false;
            }

            var body = JsonSerializer.Deserialize(bytes, QueryJson.Default.QueryBody);
            if (string.IsNullOrWhiteSpace(body?.Sql)) problem = "sql is required.";
            if (problem.Length > 0) return false;
            var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, value) in body!.Params ?? [])
            {
                if (!QueryParameter.TryWrite(value, out var text)) problem = $"params.{JsonFault.Cut(name)} must be a text, a number, a boolean or an array of these.";
                else parameters.Add(name, text);
            }

            if (problem.Length == 0) query = new ClickHouseQuery(body.Sql!) { Parameters = parameters };
        }
        catch (JsonException e)
        {
            problem = "The body must be {\"sql\": \"…\", \"params\": {…}}: " + JsonFault.Of(e);
        }

        return query is not null;
    }
}

/// <summary>The body of a query.</summary>
internal sealed record QueryBody(string? Sql, Dictionary<string, JsonElement>? Params);

/// <summary>JSON of queries.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(QueryBody))]
internal sealed partial class QueryJson : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Millrace.Archiver.ClickHouse;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Audit;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.Ports.ClickHouse;

namespace Millrace.Archiver.Api;

/// <summary><c>/api/v1/bi-credentials</c>: with what a tenant's BI tools log in to ClickHouse itself.</summary>
internal sealed class BiCredentialsEndpoint(TenantUsers users, Tables tables, AuditLog audit)
{
    private const string KeyHint = "This ClickHouse takes API keys: user is the tenant, password any of its API keys with the scope 'read'.";

    /// <summary><c>GET</c>: the user's name, and whether there is one.</summary>
    public Task ShowAsync(HttpContext context) => AnswerAsync(context, async (tenant, token) =>
        await users.AreNeededAsync(token)
            ? Answer(tenant, null, await users.OwnerAsync(tenant, token) == BiUserOwner.Tenant ? null : "There are none yet: POST makes them.")
            : Key(tenant));

    /// <summary><c>POST</c>: makes the user or gives it another password, which is shown this once.</summary>
    public Task SetAsync(HttpContext context) => AnswerAsync(context, async (tenant, token) =>
    {
        if (!await users.AreNeededAsync(token)) return Key(tenant);
        if (await users.OwnerAsync(tenant, token) == BiUserOwner.Stranger)
        {
            await Problems.WriteAsync(
                context, ErrorCodes.Conflict, $"ClickHouse has a user '{users.BiUser(tenant)}' already that is not Millrace's; set Millrace:Archiver:BiUsers:Prefix.");
            return null;
        }

        var password = await users.SetBiUserAsync(tenant, token);
        await audit.WriteAsync(tenant, context.GetCaller().Subject, "bi-credentials.set", users.BiUser(tenant), null, token);
        return Answer(tenant, password, "The password is shown this once; the one before no longer works.");
    });

    /// <summary><c>DELETE</c>: removes the user.</summary>
    public Task RemoveAsync(HttpContext context) => AnswerAsync(context, async (tenant, token) =>
    {
        if (await users.AreNeededAsync(token) && await users.OwnerAsync(tenant, token) == BiUserOwner.Tenant)
        {
            await users.RemoveBiUserAsync(tenant, token);
            await audit.WriteAsync(tenant, context.GetCaller().Subject, "bi-credentials.remove", users.BiUser(tenant), null, token);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    });

    private BiCredentials Answer(string tenant, string? password, string? hint) => new("password", users.BiUser(tenant), password, tables.Database, hint);

    private BiCredentials Key(string tenant) => new("api_key", tenant, null, tables.Database, KeyHint);

    private static async Task AnswerAsync(HttpContext context, Func<string, CancellationToken, Task<BiCredentials?>> work)
    {
        try
        {
            if (await work(context.GetCaller().Tenant, context.RequestAborted) is not { } answer) return;
            context.Response.ContentType = "application/json";
            context.Response.Headers.CacheControl = "no-store";
            await JsonSerializer.SerializeAsync(context.Response.Body, answer, BiCredentialsJson.Default.BiCredentials, context.RequestAborted);
        }
        catch (ClickHouseException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            await Problems.WriteAsync(context, ErrorCodes.Unavailable, e.Message, ("clickhouse_code", e.Code));
        }
    }
}

/// <summary>The answer.</summary>
/// <param name="Kind"><c>password</c> or <c>api_key</c>.</param>
/// <param name="User">User on ClickHouse.</param>
/// <param name="Password">Its password, when it was just set.</param>
/// <param name="Database">Database of the tables.</param>
/// <param name="Hint">For people.</param>
internal sealed record BiCredentials(string Kind, string User, string? Password, string Database, string? Hint);

/// <summary>JSON of credentials.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BiCredentials))]
internal sealed partial class BiCredentialsJson : JsonSerializerContext;

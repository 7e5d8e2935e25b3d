using Millrace.ClickHouse.Embedded.Engine;
using Millrace.ClickHouse.Embedded.Gate;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.ClickHouse.Embedded.Sql;

namespace Millrace.ClickHouse.Embedded.Http;

/// <summary>Runs the statement of one request: opens its session, lets the gate judge a tenant's, and chooses how it is run.</summary>
internal sealed class StatementHandler(
    ChdbEngine engine, EngineOptions options, ServerOptions server, AdministratorSessions sessions, StatementRunner runner, InsertRunner inserts,
    ILogger<StatementHandler> logger)
{
    /// <summary>Longest statement of Millrace itself, which may hold long lists of values.</summary>
    private const int MaxAdministratorStatement = 16 << 20;

    /// <summary>Runs it and answers.</summary>
    /// <exception cref="ChdbException">It failed, and nothing has been answered.</exception>
    public Task HandleAsync(RequestContext request) =>
        request.Principal.Tenant is { } tenant ? HandleTenantAsync(request, tenant) : HandleAdministratorAsync(request);

    private async Task HandleTenantAsync(RequestContext request, string tenant)
    {
        var received = await ReceivedStatement.ReadAsync(request.Parameters.Query, request.Body, TenantStatement.MaxLength, request.Gone);
        try
        {
            if (received.InsertFormat is not null || InsertHead.IsInsert(received.Sql)) throw GateRefusal.Of("The statement is no query.");
            if (request.Parameters.Database is not ("" or "default" or TenantTables.Database)) throw GateRefusal.Of($"The database '{request.Parameters.Database}' is not allowed.");
            var statement = TenantStatement.Parse(received.Sql);
            var format = Formats.ForTenant(statement.Format ?? request.Parameters.DefaultFormat);
            var settings = TenantSettings.Admit(request.Parameters.Settings.Concat(statement.Settings), options.TenantLimits);
            using var connection = engine.OpenTenant(tenant, request.Tag, settings);
            TenantGate.Check(new EngineAnalyzer(connection), statement, request.Parameters.Parameters);
            await StreamAsync(request, connection, new SplitStatement(statement.Core, format, ""), format);
        }
        catch (ChdbException e) when (e.Code == (int)ServerError.AccessDenied)
        {
            Log.Refused(logger, tenant, e.Code, e.Message);
            throw;
        }
    }

    private async Task HandleAdministratorAsync(RequestContext request)
    {
        var parameters = request.Parameters;
        var received = await ReceivedStatement.ReadAsync(parameters.Query, request.Body, MaxAdministratorStatement, request.Gone);
        using var session = sessions.Open(parameters.SessionId, parameters.SessionTimeout, parameters.SessionMustExist, request.Tag);
        var ended = false;
        try
        {
            Prepare(session.Connection, request);
            await RunAsync(request, session.Connection, received);
            ended = true;
        }
        catch (ChdbException e) when (e.Code != 0)
        {
            // An error of ClickHouse's own leaves the session as it was.
            ended = true;
            throw;
        }
        finally
        {
            session.Broken = !ended;
        }
    }

    private async Task RunAsync(RequestContext request, ChdbConnection connection, ReceivedStatement received)
    {
        var isGet = HttpMethods.IsGet(request.Http.Request.Method);
        if (received.InsertFormat is { } insertFormat)
        {
            if (isGet) throw ReadOnlyMethod();
            await inserts.RunAsync(request, connection, received, Formats.Known(insertFormat));
            return;
        }
        var (statements, what) = connection.Classify(received.Sql);
        if (statements > 1) throw ChdbException.Of(ServerError.SyntaxError, "Syntax error (Multi-statements are not allowed)");
        if (what == StatementClass.ReadOnly)
        {
            var split = SplitStatement.Of(received.Sql);
            // What looked like FORMAT was something else if the statement does not parse without it.
            if (split.Format is not null && connection.Classify(split.Core).Statements == 0) split = new SplitStatement(received.Sql, null, "");
            await StreamAsync(request, connection, split, Formats.Known(split.Format ?? request.Parameters.DefaultFormat));
            return;
        }
        if (isGet && statements == 1) throw ReadOnlyMethod();
        if (HasOutfile(received.Sql)) throw ChdbException.Of(ServerError.IntoOutfileNotAllowed, "INTO OUTFILE is not allowed");
        await ExecuteAsync(request, connection, received.Sql);
    }

    private static ChdbException ReadOnlyMethod() => ChdbException.Of(
        ServerError.Readonly, "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. You should use method POST for modifying queries.");

    private static void Prepare(ChdbConnection connection, RequestContext request)
    {
        // The tag must stay findable, so a comment of the client's follows it.
        var settings = request.Parameters.Settings
            .Select(s => s.Key == "log_comment" ? new(s.Key, $"{request.Tag} {s.Value}") : s).ToList();
        if (request.Parameters.Database.Length > 0) connection.Execute($"USE {SettingsStatement.QuoteIdentifier(request.Parameters.Database)}");
        if (settings.Count > 0) connection.Execute(SettingsStatement.Of(settings));
    }

    private async Task StreamAsync(RequestContext request, ChdbConnection connection, SplitStatement statement, string format)
    {
        await using var response = Respond(request, format);
        try
        {
            var statistics = await runner.StreamAsync(request, connection, statement, format, response);
            await response.CompleteAsync(statistics, request.Gone);
        }
        catch (ChdbException e)
        {
            if (!await response.TryFailAsync(e, engine.Version, request.Gone)) throw;
            Log.FailedLate(logger, e.Code, e.Message);
        }
    }

    private async Task ExecuteAsync(RequestContext request, ChdbConnection connection, string sql)
    {
        var format = Formats.Known(request.Parameters.DefaultFormat);
        await using var response = Respond(request, format);
        var statistics = await runner.ExecuteAsync(request, connection, sql, format, response);
        await response.CompleteAsync(statistics, request.Gone);
    }

    private HeldResponse Respond(RequestContext request, string format) =>
        new(request.Http, format, request.Parameters.Compress, request.Parameters.WaitEndOfQuery, server.TemporaryDirectory);

    private static bool HasOutfile(string sql)
    {
        var lexer = new Lexer(sql);
        var afterInto = false;
        while (lexer.TryRead(out var token))
        {
            if (afterInto && token.Is(sql, "OUTFILE")) return true;
            afterInto = token.Is(sql, "INTO");
        }
        return false;
    }
}

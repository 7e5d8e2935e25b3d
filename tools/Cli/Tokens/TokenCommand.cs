using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Sqlite;
using Millrace.Hosting;
using Millrace.Hosting.Authentication;

namespace Millrace.Cli.Tokens;

/// <summary>Mints a token with the installation's signing key and writes it to standard output.</summary>
internal static class TokenCommand
{
    public const string Help = """
        usage: ./millrace token [options]
        Mints a JSON Web Token (HS256) that a running Millrace accepts, and prints it.
          --tenant T       tenant                                     (default default)
          --scope LIST     of ingest, read, write, admin              (default read)
          --roles LIST     of viewer, editor, admin, operator         (default none)
          --subject NAME   who it is for                              (default operator's login name)
          --ttl SPAN       how long it is good for: 90s, 15m, 1h, 30d (default 1h)
          --data DIR       the data directory of ./millrace up        (default ./data)
        The key is the environment variable Millrace__Auth__SigningKey, or the one that `up` made and keeps in the data directory.
        """;

    public static async Task<int> RunAsync(Arguments arguments, CancellationToken cancellationToken)
    {
        var tenant = arguments.Text("tenant") ?? "default";
        var scopes = Scopes.None;
        foreach (var name in Words(arguments.Text("scope") ?? "read"))
        {
            if (!ScopeNames.TryParse(name, out var scope)) throw new UsageException($"there is no scope '{name}'; the scopes are ingest, read, write and admin");
            scopes |= scope;
        }

        var roles = Words(arguments.Text("roles") ?? "");
        var subject = arguments.Text("subject") ?? Environment.UserName;
        var lifetime = arguments.Span("ttl", TimeSpan.FromHours(1));
        var data = arguments.Text("data") ?? "data";
        arguments.RefuseUnknown();
        if (!TenantName.IsValid(tenant)) throw new UsageException($"'{tenant}' is not a tenant's name: {TenantName.Rule}");

        using var host = await OpenAsync(Path.GetFullPath(data), cancellationToken);
        Console.WriteLine(host.Services.GetRequiredService<ITokenIssuer>().Issue(tenant, subject, scopes, roles, lifetime));
        return 0;
    }

    private static async Task<IHost> OpenAsync(string data, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddEnvironmentVariables();
        var file = Path.Combine(data, "metadata.db");
        if (builder.Configuration["Millrace:Auth:SigningKey"] is null && !File.Exists(file))
            throw new UsageException($"there is no Millrace in {data}; name its directory with --data, or set Millrace__Auth__SigningKey");
        builder.Configuration["Millrace:Metadata:File"] = file;
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddMillraceAuthentication(builder.Configuration).AddSqliteAdapter(builder.Configuration);
        var host = builder.Build();
        await host.Services.GetRequiredService<ITokenIssuer>().PrepareAsync(cancellationToken);
        return host;
    }

    private static string[] Words(string text) => text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
}

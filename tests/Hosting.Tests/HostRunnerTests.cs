using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Millrace.Adapters.Sqlite;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class HostRunnerTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly StringWriter _errors = new();

    public void Dispose()
    {
        _directory.Dispose();
        _errors.Dispose();
    }

    [Fact]
    public async Task Run_stopped_ends_with_0_and_says_nothing()
    {
        var code = await HostRunner.RunAsync(() => Build(stop: true), _errors);

        Assert.Equal((0, ""), (code, _errors.ToString()));
    }

    [Fact]
    public async Task Run_configuration_wrong_ends_with_2_and_one_line_that_lists_it_all()
    {
        var code = await HostRunner.RunAsync(
            () => Build(settings =>
            {
                settings["Millrace:Auth:SigningKey"] = "short";
                settings["Millrace:Http:Prot"] = "1";
                settings["Millrace:Metadata:File"] = "";
                settings["Millrace:Ingset:X"] = "1";
            }),
            _errors);

        Assert.Equal(2, code);
        var line = Assert.Single(_errors.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("millrace: the configuration is wrong: ", line, StringComparison.Ordinal);
        foreach (var part in new[]
        {
            "Millrace:Auth:SigningKey has 5 bytes; it needs at least 32.", "Millrace:Http:Prot is not a setting; did you mean 'Port'?",
            "File: The SqliteOptions.File field is required.", "Millrace:Ingset is not a section; did you mean 'Ingest'?",
        })
            Assert.Contains(part, line, StringComparison.Ordinal);
        Assert.DoesNotContain("short", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_port_in_use_ends_with_2_and_names_it()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var code = await HostRunner.RunAsync(() => Build(settings => settings["Millrace:Http:Port"] = $"{port}"), _errors);

        Assert.Equal(2, code);
        Assert.Equal(
            $"millrace: Failed to bind to address http://127.0.0.1:{port}: address already in use; stop what runs there or choose another port "
            + "(Millrace__Http__Port, or --port with ./millrace up)." + Environment.NewLine,
            _errors.ToString());
    }

    [Fact]
    public async Task Run_database_unusable_ends_with_2_and_names_the_file()
    {
        await File.WriteAllTextAsync(_directory.File("metadata.db"), new string('x', 5000), TestContext.Current.CancellationToken);

        Assert.Equal(2, await HostRunner.RunAsync(() => Build(), _errors));

        Assert.Contains(_directory.File("metadata.db"), Assert.Single(_errors.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_unexpected_failure_ends_with_1_and_tells_everything()
    {
        Assert.Equal(1, await HostRunner.RunAsync(() => throw new InvalidTimeZoneException("a bug"), _errors));

        Assert.Contains("InvalidTimeZoneException: a bug", _errors.ToString(), StringComparison.Ordinal);
        Assert.Contains("   at ", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_own_exceptions_are_their_message() =>
        Assert.Equal("No engine.", HostRunner.Explain(new AggregateException(new StartException("No engine."))));

    private WebApplication Build(Action<Dictionary<string, string?>>? settings = null, bool stop = false)
    {
        var values = TestHost.Settings(_directory.Path);
        settings?.Invoke(values);
        var builder = MillraceHost.CreateBuilder([], 0, configuration => configuration.AddInMemoryCollection(values));
        builder.Services.AddSqliteAdapter(builder.Configuration);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        if (stop)
            app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication);
        return app;
    }
}

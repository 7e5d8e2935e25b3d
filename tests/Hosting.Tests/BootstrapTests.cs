using System.Runtime.Versioning;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Databases;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Bootstrap;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Hosting.Tests;

[UnsupportedOSPlatform("windows")]
public abstract class BootstrapTests(MetadataUnderTest database) : IDisposable
{
    private readonly TempDirectory _directory = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private string KeyFile => _directory.File("secrets", "bootstrap-key");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Start_key_configured_is_in_force_with_all_scopes()
    {
        await using var host = await StartAsync("configured-key-number-1");

        var result = host.App.Services.GetRequiredService<BootstrapResult>();
        Assert.Equal(("acme", "configured-key-number-1", false), (result.Tenant, result.ApiKey, result.IsNew));
        Assert.Equal(200, (await host.GetAsync("/admin", "configured-key-number-1")).Status);
    }

    [Fact]
    public async Task Start_other_key_configured_replaces_the_first_and_the_first_may_come_back()
    {
        await using (var first = await StartAsync("configured-key-number-1"))
            Assert.Equal(200, (await first.GetAsync("/read", "configured-key-number-1")).Status);

        await using (var second = await StartAsync("configured-key-number-2"))
        {
            Assert.Equal(401, (await second.GetAsync("/read", "configured-key-number-1")).Status);
            Assert.Equal(200, (await second.GetAsync("/read", "configured-key-number-2")).Status);
        }

        await using var third = await StartAsync("configured-key-number-1");
        Assert.Equal(200, (await third.GetAsync("/read", "configured-key-number-1")).Status);
        Assert.Equal(401, (await third.GetAsync("/read", "configured-key-number-2")).Status);
    }

    [Fact]
    public async Task Start_same_key_for_another_tenant_moves_it()
    {
        await using (var first = await StartAsync("configured-key-number-1"))
            Assert.Equal("acme", (await first.GetAsync("/read", "configured-key-number-1")).Body.GetProperty("tenant").GetString());

        await using var second = await StartAsync("configured-key-number-1", tenant: "globex");
        Assert.Equal("globex", (await second.GetAsync("/read", "configured-key-number-1")).Body.GetProperty("tenant").GetString());
    }

    [Fact]
    public async Task Start_no_key_configured_makes_a_random_one_once()
    {
        string made;
        await using (var first = await StartAsync(null))
        {
            var result = first.App.Services.GetRequiredService<BootstrapResult>();
            made = result.ApiKey!;
            Assert.True(result.IsNew);
            Assert.Equal("default", result.Tenant);
            Assert.Matches("^mk_bootstrap_[0-9a-z]{32}$", made);
            Assert.Equal(200, (await first.GetAsync("/admin", made)).Status);
        }

        await using var second = await StartAsync(null);
        var again = second.App.Services.GetRequiredService<BootstrapResult>();
        Assert.Null(again.ApiKey);
        Assert.False(again.IsNew);
        Assert.Equal(200, (await second.GetAsync("/admin", made)).Status);
    }

    [Fact]
    public async Task Start_key_file_asked_for_keeps_the_key_for_its_owner_and_later_starts()
    {
        string made;
        await using (var first = await StartAsync(null, keyFile: KeyFile))
            made = first.App.Services.GetRequiredService<BootstrapResult>().ApiKey!;

        Assert.Equal(made, (await File.ReadAllTextAsync(KeyFile, Cancelled)).Trim());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        await using (var second = await StartAsync(null, keyFile: KeyFile))
        {
            var result = second.App.Services.GetRequiredService<BootstrapResult>();
            Assert.Equal((made, false, "default"), (result.ApiKey, result.IsNew, result.Tenant));
            await second.App.Services.GetRequiredService<IApiKeyStore>().RevokeAsync("default", "bootstrap", "ann", Cancelled);
        }

        await using var third = await StartAsync(null, keyFile: KeyFile);
        Assert.Null(third.App.Services.GetRequiredService<BootstrapResult>().ApiKey);
    }

    private Task<TestHost> StartAsync(string? key, string? tenant = null, string? keyFile = null) => TestHost.StartAsync(
        settings =>
        {
            settings["Millrace:Bootstrap:ApiKey"] = key;
            settings["Millrace:Bootstrap:Tenant"] = tenant ?? "acme";
            if (key is null)
            {
                settings.Remove("Millrace:Bootstrap:ApiKey");
                settings.Remove("Millrace:Bootstrap:Tenant");
            }

            if (keyFile is not null) settings["Millrace:Bootstrap:KeyFile"] = keyFile;
        },
        directory: _directory.Path,
        database: database);
}

[UnsupportedOSPlatform("windows")]
public sealed class BootstrapOnSqliteTests() : BootstrapTests(new OnSqlite());

[UnsupportedOSPlatform("windows")]
public sealed class BootstrapOnPostgresTests(PostgresFixture postgres) : BootstrapTests(new OnPostgres(postgres));

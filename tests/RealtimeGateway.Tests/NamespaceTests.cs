using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Configuration;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Namespaces;
using Xunit;

namespace Millrace.RealtimeGateway.Tests;

public sealed class NamespaceTests
{
    [Theory]
    [InlineData("tenant:acme:metrics:shop", "Tenant", "acme", "metrics", "shop")]
    [InlineData("tenant:acme:alerts", "Tenant", "acme", "alerts", "")]
    [InlineData("tenant:acme:chat:room:1", "Tenant", "acme", "chat", "room:1")]
    [InlineData("user:ada:chat:inbox", "User", "ada", "chat", "inbox")]
    [InlineData("user:key:01:chat:inbox", "User", "key:01", "chat", "inbox")]
    [InlineData("user:ada:chat:a:chat:b", "User", "ada:chat:a", "chat", "b")]
    [InlineData("tenant:acme:chat", "Tenant", "acme", null, "")]
    [InlineData("tenant:acme:chat:", "Tenant", "acme", null, "")]
    [InlineData("tenant:acme:chat:a\nb", "Tenant", "acme", null, "a\nb")]
    [InlineData("tenant:acme:other:x", "Tenant", "acme", null, "x")]
    [InlineData("user:ada:metrics:shop", "User", "ada:metrics", null, "")]
    [InlineData("admin:chat:x", "Admin", "", null, "")]
    [InlineData("chat:x", "None", "", null, "")]
    public void Name_is_taken_apart(string text, string scope, string owner, string? kind, string rest)
    {
        var name = Table().Parse(text, "acme");

        Assert.Equal((scope, owner, kind, rest), (name.Scope.ToString(), name.Owner, name.Namespace?.Name, name.Rest));
    }

    [Fact]
    public void Users_of_the_same_subject_in_two_tenants_have_different_channels()
    {
        var table = Table();

        var acme = table.Parse("user:ada:chat:inbox", "acme");
        var other = table.Parse("user:ada:chat:inbox", "other");

        Assert.NotEqual(acme.Key, other.Key);
        Assert.True(Grants("ada").MayListen(acme));
        Assert.False(Grants("ada").MayListen(other));
        Assert.False(Grants("bob").MayListen(acme));
    }

    [Fact]
    public void Nobody_publishes_unless_the_namespace_says_so_and_whoever_reads_listens()
    {
        var name = Table().Parse("tenant:acme:chat:room", "acme");

        Assert.True(Grants("ada").MayListen(name));
        Assert.False(Grants("ada", Scopes.Read | Scopes.Write | Scopes.Admin).MayPublish(name));
        Assert.False(Grants("ada").MayPublish(ChannelName.Metrics("acme", "shop")));
    }

    [Fact]
    public void Permission_needs_every_condition_that_is_given()
    {
        var table = Table(new NamespacePermissionOptions { Scope = "write", Claim = "team=blue", Pattern = "{subject}-*" });
        var own = table.Parse("tenant:acme:chat:ada-1", "acme");

        Assert.True(Grants("ada", Scopes.Read | Scopes.Write, """["red","blue"]""").MayPublish(own));
        Assert.True(Grants("ada", Scopes.Read | Scopes.Write, "\"blue\"").MayPublish(own));
        Assert.False(Grants("ada", Scopes.Read | Scopes.Write, "\"red\"").MayPublish(own));
        Assert.False(Grants("ada", Scopes.Read | Scopes.Write).MayPublish(own));
        Assert.False(Grants("ada", Scopes.Read, "\"blue\"").MayPublish(own));
        Assert.False(Grants("ada", Scopes.Read | Scopes.Write, "\"blue\"").MayPublish(table.Parse("tenant:acme:chat:bob-1", "acme")));
        Assert.False(Grants("a*", Scopes.Read | Scopes.Write, "\"blue\"").MayPublish(own));
        Assert.False(Grants("ada", Scopes.Read | Scopes.Write, "\"blue\"").MayPublish(table.Parse("tenant:other:chat:ada-1", "acme")));
    }

    [Fact]
    public void Wrong_namespaces_are_named_all_together()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Bind(
            ("metrics:HistorySize", "5"), ("Big:HistorySize", "-1"), ("chat:Recovery", "true"), ("chat:HistoryTtl", "2.00:00:00"),
            ("chat:Publish:Scope", "everything"), ("chat:Subscribe:Claim", "=x"), ("chat:Publish:Pattern", ""), ("chat:SlowClients", "Conflate"),
            ("news:SlowClients", "Unset")));

        Assert.Equal(
            """
            Namespaces:Big: a name is 1 to 32 characters of a-z, 0-9, '-' and '_', beginning with a letter or a digit.
            Namespaces:Big:HistorySize must be between 0 and 1000000.
            Namespaces:chat:HistoryTtl must be between 00:00:01 and 1.00:00:00.
            Namespaces:chat:Recovery needs a HistorySize.
            Namespaces:chat:SlowClients Conflate needs a HistorySize.
            Namespaces:chat:Subscribe:Claim must be name or name=text.
            Namespaces:chat:Publish:Scope must be one of ingest read write admin.
            Namespaces:chat:Publish:Pattern must not be empty; * stands for anything.
            Namespaces:metrics: the name is one of Millrace's own.
            Namespaces:news:SlowClients must be Conflate, DropOldest or Disconnect.
            """.ReplaceLineEndings("\n"),
            string.Join('\n', failure.Failures.SelectMany(f => f.Split("; N").Select((part, i) => i == 0 ? part : "N" + part))));
    }

    private static NamespaceTable Table(NamespacePermissionOptions? publish = null)
    {
        var options = new GatewayOptions();
        options.Namespaces.Add("chat", new GatewayNamespaceOptions { Publish = publish ?? new NamespacePermissionOptions() });
        return new NamespaceTable(options);
    }

    private static ChannelGrants Grants(string subject, Scopes scopes = Scopes.Read, string? team = null) => new(
        new Caller("acme", subject, scopes, [], null, CredentialKind.Token), null, team is null ? null : new Dictionary<string, string> { ["team"] = team });

    private static GatewayOptions Bind(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create("Millrace:Gateway:Namespaces:" + s.Key, (string?)s.Value)))
            .Build();
        var services = new ServiceCollection();
        services.AddMillraceOptions<GatewayOptions, GatewayOptionsValidator>(configuration, "Gateway");
        services.AddSingleton<IValidateOptions<GatewayOptions>, NamespaceRules>();
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<GatewayOptions>>().Value;
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Contracts;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Incidents;
using Millrace.Ingest.Overload;
using Millrace.Ingest.Requests;
using Millrace.Ingest.Tests.Requests;
using Millrace.Testing;
using Xunit;

namespace Millrace.Ingest.Tests.Overload;

/// <summary>What a producer sees of it.</summary>
public sealed class OverloadTests
{
    [Fact]
    public async Task Tenant_whose_requests_wait_too_long_is_refused_before_its_body_and_another_is_not()
    {
        await using var server = await IngestServer.StartAsync(null, "Millrace:Ingest:Overload:Readers=1", "Millrace:Ingest:Overload:MaxWait=00:00:00.050");
        var other = (await server.Services.GetRequiredService<IApiKeyStore>()
            .CreateAsync("globex", "k", Scopes.Ingest, "test", TestContext.Current.CancellationToken))!.ClearText;
        var admission = server.Services.GetRequiredService<Admission>();
        var busy = new TenantFlow("busy");
        Assert.True(admission.Gate.Enter(busy, 0, 1000).Granted.IsCompleted);

        var waiting = server.PostAsync("{\"id\":\"a\"}");
        await Eventually.TrueAsync(() => admission.Gate.Waiting == 1);
        var flow = admission.Of(IngestServer.Tenant);
        await Eventually.TrueAsync(() =>
        {
            if (!admission.Gate.TryArrive(flow, 0, TimeSpan.FromMilliseconds(50), out _)) return true;
            admission.Gate.Withdraw(flow, 0);
            return false;
        });
        var refused = await server.PostAsync("{\"id\":\"b\"}");
        var quiet = PostAsAsync(server, other, "{\"id\":\"c\"}");
        await Eventually.TrueAsync(() => admission.Gate.Waiting == 2);
        Assert.False(quiet.IsCompleted);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "overloaded", true), (refused.Status, refused.Code, (bool)refused.Body["retryable"]!));
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 30);
        var incidents = server.Services.GetRequiredService<IncidentLog>();
        await Eventually.TrueAsync(() => incidents.Current.Count == 1);
        Assert.Equal(
            ("ingest", IncidentKinds.IngestOverload, IngestServer.Tenant, IngestServer.Tenant),
            (incidents.Current[0].Report.Service, incidents.Current[0].Report.Kind, incidents.Current[0].Report.Subject, incidents.Current[0].Report.Audience));

        admission.Gate.LeaveWork(busy);
        admission.Gate.LeaveLog(1000);
        Assert.Equal(HttpStatusCode.Accepted, (await waiting).Status);
        Assert.Equal(HttpStatusCode.Accepted, await quiet);
        await Eventually.TrueAsync(() => server.InFlightBytes == 0);
        // It ends by itself, five seconds after the last refusal.
        await Eventually.TrueAsync(() => incidents.Current.Count == 0);
    }

    [Fact]
    public async Task Bodies_of_a_tenant_beyond_its_share_of_memory_are_refused_and_anothers_are_not()
    {
        await using var server = await IngestServer.StartAsync(null, "Millrace:Ingest:MaxInFlightBytes=67108864");
        var other = (await server.Services.GetRequiredService<IApiKeyStore>()
            .CreateAsync("globex", "k", Scopes.Ingest, "test", TestContext.Current.CancellationToken))!.ClearText;
        var flow = server.Services.GetRequiredService<Admission>().Of(IngestServer.Tenant);
        var budget = server.Services.GetRequiredService<InFlightBudget>();
        Assert.True(budget.TryTake(flow, 40 << 20));

        var refused = await server.PostAsync("{}");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "overloaded"), (refused.Status, refused.Code));
        Assert.True(refused.Headers.ContainsKey("Retry-After"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsAsync(server, other, "{}"));

        budget.Return(flow, 40 << 20);
        Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync("{}")).Status);
        Assert.Equal(2, (await server.ReadAsync(Topics.Events, 2)).Count);
    }

    private static async Task<HttpStatusCode> PostAsAsync(IngestServer server, string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/ingest?stream=shop", UriKind.Relative))
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}

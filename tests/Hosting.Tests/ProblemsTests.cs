using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Millrace.Contracts.Errors;
using Millrace.Hosting.Http;
using Millrace.Ports.EventLog;
using Xunit;

namespace Millrace.Hosting.Tests;

public sealed class ProblemsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Result_has_the_shape_of_rfc_9457_and_our_own_members()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/things/{id}", (string id) => Problems.Result(
            ErrorCodes.Conflict,
            "It \"changed\".",
            ("rejected", new[] { new { LineNumber = 3, Code = "too_long" } }),
            ("count", 7),
            ("nothing", null))));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/things/a%20b?secret=1");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var response = await host.Client.SendAsync(request, Cancelled);
        var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement;

        Assert.Equal(409, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(
            """
            {"type":"urn:millrace:error:conflict","title":"Conflict with the current state","status":409,"detail":"It \"changed\".",
            "instance":"/things/a%20b","code":"conflict","retryable":false,"trace_id":"0af7651916cd43dd8448eb211c80319c",
            "rejected":[{"line_number":3,"code":"too_long"}],"count":7,"nothing":null}
            """.ReplaceLineEndings(""),
            json.GetRawText());
    }

    [Fact]
    public async Task Write_retryable_refusals_say_when_to_come_back()
    {
        await using var host = await TestHost.StartAsync(map: app =>
        {
            app.MapGet("/quota", () => Problems.Result(ErrorCodes.QuotaExceeded, "Slow down."));
            app.MapGet("/own", (HttpContext context) =>
            {
                context.Response.Headers.RetryAfter = "17";
                return Problems.Result(ErrorCodes.Overloaded, "Busy.");
            });
        });

        using var quota = await host.Client.GetAsync("/quota", Cancelled);
        using var own = await host.Client.GetAsync("/own", Cancelled);

        Assert.Equal((429, "1"), ((int)quota.StatusCode, quota.Headers.RetryAfter!.ToString()));
        Assert.Equal((503, "17"), ((int)own.StatusCode, own.Headers.RetryAfter!.ToString()));
    }

    [Fact]
    public async Task Write_response_has_begun_cuts_the_connection_so_that_the_client_notices()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/half", async (HttpContext context) =>
        {
            await context.Response.WriteAsync("the first half");
            await context.Response.Body.FlushAsync();
            throw new InvalidTimeZoneException("in the middle");
        }));

        await Assert.ThrowsAsync<HttpRequestException>(() => host.Client.GetStringAsync("/half", Cancelled));
    }

    public static TheoryData<string, int, string> Escaping() => new()
    {
        { "bug", 500, "internal" },
        { "async-bug", 500, "internal" },
        { "dependency", 503, "unavailable" },
        { "log-retryable", 503, "unavailable" },
        { "log-broken", 500, "internal" },
        { "bad-request", 400, "bad_request" },
        { "too-large", 413, "too_large" },
    };

    [Theory]
    [MemberData(nameof(Escaping))]
    public async Task Middleware_exception_becomes_a_problem_that_tells_no_internals(string what, int expected, string code)
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/fails", async (HttpContext context) =>
        {
            if (what == "async-bug") await Task.Yield();
            throw what switch
            {
                "dependency" => new DependencyException("The clock tower does not answer."),
                "log-retryable" => new EventLogException("disk secret-path", true),
                "log-broken" => new EventLogException("disk secret-path", false),
                "bad-request" => new BadHttpRequestException("Odd."),
                "too-large" => new BadHttpRequestException("Big.", 413),
                _ => new InvalidTimeZoneException("secret-path"),
            };
        }));

        var (status, body) = await host.GetAsync("/fails");

        Assert.Equal((expected, code), (status, body.GetProperty("code").GetString()));
        Assert.DoesNotContain("secret-path", body.ToString(), StringComparison.Ordinal);
        if (expected == 500)
            Assert.Contains(host.Logged.Lines, line =>
                line.Id.Id == 1030 && line.Text.Contains(body.GetProperty("trace_id").GetString()!, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404, "not_found")]
    [InlineData("DELETE", "/read", 405, "method_not_allowed")]
    [InlineData("POST", "/typed", 415, "unsupported_media_type")]
    public async Task Middleware_bare_status_of_the_framework_becomes_a_problem(string method, string path, int expected, string code)
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapPost("/typed", (Thing thing) => thing.Name));
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST") request.Content = new StringContent("x");

        var (status, body) = await host.SendAsync(request);

        Assert.Equal((expected, code), (status, body.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Middleware_body_over_the_limit_is_413()
    {
        await using var host = await TestHost.StartAsync(
            settings => settings["Millrace:Http:MaxBodyBytes"] = "2048",
            app => app.MapPost("/take", async (HttpContext context) =>
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
                return "taken";
            }));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/take") { Content = new ByteArrayContent(new byte[5000]) };

        var (status, body) = await host.SendAsync(request);

        Assert.Equal((413, "too_large"), (status, body.GetProperty("code").GetString()));
    }

    private sealed record Thing(string Name);
}

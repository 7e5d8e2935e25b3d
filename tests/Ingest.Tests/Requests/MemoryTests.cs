using System.IO.Compression;
using System.Net;
using Xunit;

namespace Millrace.Ingest.Tests.Requests;

/// <summary>Runs alone: the heap is everybody's.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}

[Collection(AloneCollection.Name)]
public sealed class MemoryTests(SharedServer shared) : IClassFixture<SharedServer>
{
    private const string Ndjson = "application/x-ndjson";

    /// <summary>What the pools may keep: a few bodies of the largest size.</summary>
    private const long Allowed = 64L << 20;

    private readonly IngestServer _server = shared.Value;

    [Fact]
    public async Task Post_100_MB_are_413_at_little_cost()
    {
        var body = new byte[100_000_000];
        await FlatAsync(async () =>
        {
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await _server.PostAsync(body, Ndjson)).Status);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await ChunkedAsync(body));
        });
    }

    [Fact]
    public async Task Post_zip_bombs_are_413_at_little_cost()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 1024; i++) await gzip.WriteAsync(zeros, TestContext.Current.CancellationToken);
        }

        var bomb = packed.ToArray();
        await FlatAsync(async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                var answer = await _server.PostAsync(bomb, Ndjson, coding: "gzip");
                Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "too_large"), (answer.Status, answer.Code));
            }
        });
    }

    private async Task<HttpStatusCode> ChunkedAsync(byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/ingest") { Content = new StreamContent(new MemoryStream(body)) };
        request.Content.Headers.ContentType = new(Ndjson);
        request.Headers.TransferEncodingChunked = true;
        return (await _server.SendAsync(request)).Status;
    }

    private async Task FlatAsync(Func<Task> attack)
    {
        await attack();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await attack();
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < Allowed, $"The heap grew by {grown >> 20} MiB.");
        Assert.Equal(0, _server.InFlightBytes);
        Assert.Equal(HttpStatusCode.Accepted, (await _server.PostAsync("{}")).Status);
    }
}

using Amazon.Runtime;

namespace Millrace.Adapters.S3;

/// <summary>
/// The connections of one store. The SDK would share them among all clients with like settings, credentials apart; and it would keep them for ever,
/// which misses a store that moves to another address.
/// </summary>
internal sealed class S3HttpClients(S3Options options) : HttpClientFactory, IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = options.ConnectTimeout,
        // Some stores (R2) never say that they are ready for a body: each put would wait a second.
        Expect100ContinueTimeout = TimeSpan.FromMilliseconds(200),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = options.RequestTimeout,
    };

    /// <inheritdoc/>
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    /// <inheritdoc/>
    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    /// <inheritdoc/>
    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();
}

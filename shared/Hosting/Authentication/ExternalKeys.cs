using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Millrace.Hosting.Http;

namespace Millrace.Hosting.Authentication;

/// <summary>Public keys of the issuers that people come from: a key set in a file, or an OpenID Connect authority.</summary>
internal sealed class ExternalKeys : IDisposable
{
    private const int LeastRsaBits = 2048;
    private static readonly TimeSpan FileCheck = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefreshAtMost = TimeSpan.FromSeconds(30);
    private readonly AuthOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ExternalKeys> _logger;
    private readonly HttpClient? _http;
    private readonly ConfigurationManager<OpenIdConnectConfiguration>? _authority;
    private volatile FileKeys? _file;

    public ExternalKeys(IOptions<AuthOptions> options, TimeProvider time, ILogger<ExternalKeys> logger)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;
        if (_options.Authority is { } authority)
        {
            _http = new HttpClient { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = 1 << 20 };
            _authority = new ConfigurationManager<OpenIdConnectConfiguration>(
                authority.AbsoluteUri.TrimEnd('/') + "/.well-known/openid-configuration",
                new OpenIdConnectConfigurationRetriever(),
                new HttpDocumentRetriever(_http) { RequireHttps = _options.RequireHttps })
            {
                RefreshInterval = RefreshAtMost,
            };
        }
    }

    /// <summary>Keys that may have made a signature, and the issuer that the token must name, when one is demanded.</summary>
    /// <exception cref="DependencyException">The authority can't be reached.</exception>
    public async ValueTask<(IEnumerable<SecurityKey> Keys, string? Issuer)> FindAsync(
        string algorithm, string? keyId, CancellationToken cancellationToken)
    {
        var keys = Select(FromFile(), algorithm, keyId);
        if (keys.Count > 0 || _authority is null)
            return (keys, _options.Issuer);

        var discovered = await DiscoverAsync(_authority, cancellationToken);
        keys = Select(discovered.JsonWebKeySet, algorithm, keyId);
        if (keys.Count == 0)
        {
            // The issuer may have changed its keys; the manager limits how often it asks.
            _authority.RequestRefresh();
            discovered = await DiscoverAsync(_authority, cancellationToken);
            keys = Select(discovered.JsonWebKeySet, algorithm, keyId);
        }

        return (keys, _options.Issuer ?? discovered.Issuer);
    }

    public void Dispose() => _http?.Dispose();

    private static async Task<OpenIdConnectConfiguration> DiscoverAsync(
        ConfigurationManager<OpenIdConnectConfiguration> authority, CancellationToken cancellationToken)
    {
        try
        {
            return await authority.GetConfigurationAsync(cancellationToken);
        }
        catch (InvalidOperationException e)
        {
            throw new DependencyException("The identity provider can't be reached.", e);
        }
    }

    private static List<SecurityKey> Select(JsonWebKeySet? set, string algorithm, string? keyId)
    {
        if (set is null)
            return [];
        return [.. set.Keys.Where(key =>
            (keyId is null || key.Kid is null || string.Equals(key.Kid, keyId, StringComparison.Ordinal))
            && (key.Use is null or "sig")
            && (key.Alg is null || key.Alg == algorithm)
            && (algorithm == SecurityAlgorithms.RsaSha256
                ? key.Kty == JsonWebAlgorithmsKeyTypes.RSA && key.KeySize >= LeastRsaBits
                : key.Kty == JsonWebAlgorithmsKeyTypes.EllipticCurve && key.Crv == JsonWebKeyECTypes.P256))];
    }

    private JsonWebKeySet? FromFile()
    {
        if (_options.JwksFile is not { } path)
            return null;
        var known = _file;
        if (known is not null && _time.GetElapsedTime(known.CheckedAt) < FileCheck)
            return known.Keys;

        var changed = File.GetLastWriteTimeUtc(path);
        if (known is not null && known.Changed == changed)
        {
            _file = known with { CheckedAt = _time.GetTimestamp() };
            return known.Keys;
        }

        try
        {
            var keys = new JsonWebKeySet(File.ReadAllText(path));
            _file = new FileKeys(keys, changed, _time.GetTimestamp());
            return keys;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A file that is being replaced must not lock everybody out: the keys that were good stay in force.
            Log.JwksUnreadable(_logger, path, e);
            _file = new FileKeys(known?.Keys, changed, _time.GetTimestamp());
            return known?.Keys;
        }
    }

    private sealed record FileKeys(JsonWebKeySet? Keys, DateTime Changed, long CheckedAt);
}

using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Millrace.ClickHouse.Embedded.Native;
using Millrace.Hosting.Authentication;
using Millrace.Ports.Metadata;

namespace Millrace.ClickHouse.Embedded.Auth;

/// <summary>
/// Asks the installation's metadata database, and remembers each answer for a moment: a key that works for 5 s at most, so that a revoked one is out of use by
/// then, one that does not for 1 s, since a key may be tried before it is made.
/// </summary>
internal sealed class MetadataKeyVerifier(IApiKeyStore keys, TimeProvider time, ILogger<MetadataKeyVerifier> logger) : ITenantKeyVerifier
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan _known = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _unknown = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<string, Answer> _answers = new(StringComparer.Ordinal);

    public async ValueTask<bool> MayReadAsync(string tenant, string key, CancellationToken cancellationToken)
    {
        // By digest, so that the keys themselves are not kept.
        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        if (!_answers.TryGetValue(digest, out var answer) || time.GetElapsedTime(answer.Asked) >= (answer.Reader is null ? _unknown : _known))
        {
            var asked = time.GetTimestamp();
            var found = await VerifyAsync(key, cancellationToken);
            answer = new Answer(found is not null && found.Scopes.HasFlag(Scopes.Read) ? found.Tenant : null, asked);
            if (_answers.Count >= Capacity) _answers.Clear();
            _answers[digest] = answer;
        }
        return answer.Reader == tenant;
    }

    private async Task<ApiKey?> VerifyAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await keys.VerifyAsync(key, cancellationToken);
        }
        catch (Exception e) when (e is MetadataDatabaseException or DbException)
        {
            Log.KeysUnavailable(logger, e);
            throw ChdbException.Of(ServerError.UnknownException, "API keys can't be checked at the moment; try again.");
        }
    }

    /// <param name="Reader">The tenant whose rows the key may read, or <see langword="null"/>.</param>
    /// <param name="Asked">When the database was asked.</param>
    private readonly record struct Answer(string? Reader, long Asked);
}

using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Fuzz.Engine;
using Millrace.Fuzz.Generation;
using Millrace.Hosting.Authentication;

namespace Millrace.Fuzz.Targets;

/// <summary>
/// JSON Web Tokens. The first byte of an input says whether the rest is a token, or header and payload to be signed with the right key, so that
/// the reading of claims is reached. No token is accepted whose signed part was not signed with the key.
/// </summary>
internal sealed class TokenTarget : Target
{
    private const byte Signed = 0, AsIs = 1;
    private const string Key = "a key of the fuzzer, of 32 bytes and more";
    private static readonly byte[][] Words = [.. new[] { "\"alg\":\"none\"", "\"alg\":\"HS256\"", "\"alg\":\"RS256\"", "\"exp\":9999999999", "\"tenant\":\"other\"", "\"crit\":[\"x\"]", "\"kid\":\"../../dev/null\"", ".", "..", "\"b64\":false", "\"zip\":\"DEF\"" }.Select(Encoding.UTF8.GetBytes)];

    private readonly TokenVerifier _verifier;
    private string _token = "";
    private AuthenticationVerdict _verdict;

    public TokenTarget()
    {
        var options = Options.Create(new AuthOptions { SigningKey = Key });
        _verifier = new TokenVerifier(new SigningKey(null!, options), new ExternalKeys(options, TimeProvider.System, NullLogger<ExternalKeys>.Instance), TimeProvider.System, options, NullLogger<TokenVerifier>.Instance);
    }

    public override string Name => "token";

    public override double Share => 0.5;

    /// <summary>The library's own.</summary>
    public override long AllocationBase => 256 * 1024;

    public override long AllocationFactor => 200;

    public override byte[] Make(Source source)
    {
        var header = source.Once(6) ? JsonMaker.Object(source, [JsonMaker.Field(source, "alg", source.Of(["\"none\"", "\"HS384\"", "\"RS256\"", "null", "\"HS256\""])), JsonMaker.Field(source, source.Of(["kid", "jwk", "jku", "crit", "typ"]), JsonMaker.Any(source))]) : "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
        var claims = new List<string> { JsonMaker.Field(source, "tenant", source.Once(10) ? JsonMaker.Any(source) : "\"acme\""), JsonMaker.Field(source, "exp", source.Once(6) ? Numbers.Any(source) : "9999999999") };
        if (source.Once(2)) claims.Add(JsonMaker.Field(source, "scope", source.Of(["\"read write\"", "\"read  admin \"", "[\"read\"]", "[1]", JsonMaker.Text(source, 5)])));
        if (source.Once(3)) claims.Add(JsonMaker.Field(source, "roles", source.Of(["[\"admin\"]", "\"viewer\"", "{}", "[null]"])));
        if (source.Once(3)) claims.Add(JsonMaker.Field(source, "sub", JsonMaker.Text(source, source.Length(256))));
        if (source.Once(5)) claims.Add(JsonMaker.Field(source, source.Of(["nbf", "iat", "aud", "iss", "x"]), JsonMaker.Any(source)));
        var payload = Encoding.UTF8.GetBytes(JsonMaker.Object(source, claims));
        byte[] parts = [.. Encoding.UTF8.GetBytes(header), 0, .. source.Once(2) ? payload : Mutator.Damage(payload, source, Words)];
        if (source.Once(2)) return [Signed, .. parts];
        var token = Encoding.UTF8.GetBytes(Sign(parts));
        return [AsIs, .. Mutator.Damage(token, source, Words)];
    }

    public override bool Parse(byte[] input)
    {
        _verdict = default;
        var rest = input.AsSpan(Math.Min(1, input.Length));
        _token = input.Length > 0 && input[0] == Signed ? Sign(rest) : Encoding.UTF8.GetString(rest);
        if (_token.Length > CallerAuthenticator.MaxLength || _verifier.TryRead(_token) is not { } token) return false;
        _verdict = _verifier.VerifyAsync(token, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return _verdict.Outcome == AuthenticationOutcome.Accepted;
    }

    public override void Check(byte[] input, bool accepted)
    {
        if (!accepted) return;
        var parts = _token.Split('.');
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(parts[0] + "." + parts[1]));
        Require.That(CryptographicOperations.FixedTimeEquals(expected, Decode(parts[2])), "a token with another signature is accepted");
        var caller = _verdict.Caller!;
        Require.That(TenantName.IsValid(caller.Tenant), "a token of no tenant is accepted");
        Require.That(caller.ExpiresAt is not null && caller.Subject.Length is > 0 and <= 256, "a token without an end or subject is accepted");
    }

    private static string Sign(ReadOnlySpan<byte> parts)
    {
        var cut = parts.IndexOf((byte)0);
        var header = cut < 0 ? "{\"alg\":\"HS256\"}"u8 : parts[..cut];
        var signed = Encode(header) + "." + Encode(parts[(cut + 1)..]);
        return signed + "." + Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(signed)));
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static byte[] Decode(string text)
    {
        // What a decoder may leave out: padding.
        var standard = text.TrimEnd('=').Replace('-', '+').Replace('_', '/');
        return Convert.FromBase64String(standard.PadRight((standard.Length + 3) / 4 * 4, '='));
    }
}

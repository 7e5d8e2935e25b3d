using System.Text.Json;
using Millrace.Hosting.Authentication;
using Millrace.Hosting.Http;
using Millrace.RealtimeGateway.Channels;
using Millrace.RealtimeGateway.Namespaces;
using Millrace.RealtimeGateway.Publications;

namespace Millrace.RealtimeGateway.ServerApi;

/// <summary>A request to the server API: who asks, and for what. Reading a field of the wrong type is error 107.</summary>
/// <param name="grants">What the credential allows.</param>
/// <param name="fields">The request's object.</param>
/// <param name="namespaces">Kinds of channels.</param>
/// <param name="limits">Limits of publications.</param>
internal sealed class ApiCall(ChannelGrants grants, JsonElement fields, NamespaceTable namespaces, GatewayPublicationsOptions limits)
{
    private const int LongestKey = 128;
    private const int MostTags = 32;
    private const int LongestTag = 256;

    /// <summary>Reads a body.</summary>
    /// <returns><see langword="null"/> when it is no JSON object, or has a text that is not Unicode: nobody could be told what it says.</returns>
    public static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            if (!JsonUnicode.IsWhole(body.Span)) return null;
            var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object) return document;
            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Who asks.</summary>
    public Caller Caller => grants.Caller;

    /// <summary>Limits of publications.</summary>
    public GatewayPublicationsOptions Limits => limits;

    /// <summary>The tenant whose connections are meant; empty for those of all, which only operators may mean.</summary>
    public string Tenant => Caller.IsOperator ? "" : Caller.Tenant;

    /// <summary>The same caller with another request.</summary>
    public ApiCall With(JsonElement other) =>
        other.ValueKind == JsonValueKind.Object ? new ApiCall(grants, other, namespaces, limits) : throw new ApiException(ApiError.BadRequest, "a request must be an object");

    /// <summary>The request's field of that name, if any.</summary>
    public JsonElement? Field(string name) =>
        fields.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text, empty when absent.</summary>
    public string Text(string name) => Field(name) switch
    {
        null => "",
        { ValueKind: JsonValueKind.String } value => TextOf(value, name),
        _ => throw Wrong(name, "a text"),
    };

    /// <summary>A flag, false when absent.</summary>
    public bool Flag(string name) => Field(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>A whole number, 0 when absent.</summary>
    public long Number(string name) => Field(name) switch
    {
        null => 0,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) => number,
        _ => throw Wrong(name, "a whole number"),
    };

    /// <summary>A list of texts, empty when absent.</summary>
    public IReadOnlyList<string> Texts(string name) => Field(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(item => TextOf(item, name))],
        _ => throw Wrong(name, "a list of texts"),
    };

    /// <summary>JSON that is passed on, from a field or in base64 from another; <see langword="null"/> when both are absent.</summary>
    public byte[]? Json(string name, string base64Name)
    {
        byte[] bytes;
        if (Text(base64Name) is { Length: > 0 } text)
        {
            bytes = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, bytes, out var length)) throw Wrong(base64Name, "base64");
            bytes = bytes[..length];
        }
        else if (Field(name) is { } value)
        {
            bytes = System.Text.Encoding.UTF8.GetBytes(value.GetRawText());
        }
        else
        {
            return null;
        }

        if (bytes.Length > limits.MaxBytes) throw new ApiException(ApiError.BadRequest, $"{name} may have {limits.MaxBytes} bytes");
        return PublicationData.TryClean(bytes, out var clean) ? clean : throw Wrong(name, "JSON");
    }

    /// <summary>The channel that a text names, which exists and may be used by the caller.</summary>
    public ChannelName Channel(string text)
    {
        if (text.Length is 0 or > ChannelName.MaxLength) throw new ApiException(ApiError.BadRequest, $"a channel has 1 to {ChannelName.MaxLength} characters");
        var name = namespaces.Parse(text, Caller.Tenant);
        var own = name.Scope switch
        {
            ChannelScope.Tenant => Caller.IsOperator || string.Equals(name.Owner, Caller.Tenant, StringComparison.Ordinal),
            ChannelScope.User or ChannelScope.None => true,
            _ => Caller.IsOperator,
        };
        if (!own || !grants.IsListed(text)) throw new ApiException(ApiError.PermissionDenied);
        return name.Exists ? name : throw new ApiException(ApiError.UnknownChannel);
    }

    /// <summary>Whether the credential lists the channel, if it lists any.</summary>
    public bool Lists(ChannelName name) => grants.IsListed(name.Text);

    /// <summary>The channel of the request.</summary>
    public ChannelName Channel() => Channel(Text("channel"));

    /// <summary>What the request publishes.</summary>
    public PublishRequest Publication()
    {
        var data = Json("data", "b64data") ?? throw new ApiException(ApiError.BadRequest, "data is required");
        var key = Text("idempotency_key");
        if (key.Length > LongestKey) throw new ApiException(ApiError.BadRequest, $"idempotency_key may have {LongestKey} characters");
        return new PublishRequest(data) { IdempotencyKey = key, SkipHistory = Flag("skip_history"), Tags = Tags() };
    }

    private Dictionary<string, string>? Tags()
    {
        if (Field("tags") is not { } tags) return null;
        if (tags.ValueKind != JsonValueKind.Object) throw Wrong("tags", "an object");
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in tags.EnumerateObject())
        {
            if (tag.Value.ValueKind != JsonValueKind.String || tag.Name.Length > LongestTag) throw Wrong("tags", $"texts of at most {LongestTag} characters");
            var value = TextOf(tag.Value, "tags");
            if (value.Length > LongestTag) throw Wrong("tags", $"texts of at most {LongestTag} characters");
            read[tag.Name] = value;
        }

        return read.Count <= MostTags ? read : throw Wrong("tags", $"at most {MostTags}");
    }

    private static ApiException Wrong(string name, string what) => new(ApiError.BadRequest, $"{name} must be {what}");

    private static string TextOf(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, escaped.
            throw Wrong(name, "a text");
        }
    }
}

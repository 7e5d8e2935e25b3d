using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Millrace.Alerting.Http;
using Millrace.Contracts.Errors;
using Millrace.Ports.Notifications;

namespace Millrace.Alerting.Notifications;

/// <summary>
/// POSTs the message to a URL, signed as Standard Webhooks define. 2xx is success; 408, 425, 429, 5xx and anything that goes wrong on the way
/// is tried again; every other answer, redirects included, is final.
/// </summary>
internal sealed class WebhookChannel : INotificationChannel, IDisposable
{
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    public WebhookChannel(IOptions<AlertingOptions> options, TimeProvider time)
    {
        _options = options.Value.Webhooks;
        _time = time;
        var guard = new AddressGuard(_options.AllowPrivateAddresses);
        _client = new HttpClient(new SocketsHttpHandler
        {
            // A proxy or a redirect would lead past the check of the address.
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectCallback = guard.ConnectAsync,
            ConnectTimeout = _options.Timeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            MaxConnectionsPerServer = 16,
            MaxResponseHeadersLength = 16,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan, // Each attempt has its own.
        };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Millrace", typeof(WebhookChannel).Assembly.GetName().Version?.ToString(3)));
    }

    public string Kind => "webhook";

    public JsonObject? ReadSettings(JsonFields fields, JsonObject? current)
    {
        var url = fields.Text("url", 2048, required: true);
        var secret = fields.Text("secret", 256);
        if (url is not null && Refuse(url) is { } reason) fields.Error("url", ErrorCodes.BadRequest, reason);
        if (secret is not null && !StandardWebhooks.IsSecret(secret)) fields.Error("secret", ErrorCodes.BadRequest, StandardWebhooks.SecretRule);
        if (fields.Errors.Any) return null;
        var kept = (string?)current?["secret"];
        return new JsonObject
        {
            ["url"] = url,
            ["secret"] = secret ?? kept ?? StandardWebhooks.NewSecret(),
            ["secret_made_here"] = secret is null && kept is null,
        };
    }

    public void Show(JsonObject settings, JsonObject receiver, bool created)
    {
        receiver["url"] = (string?)settings["url"];
        if (created && (bool?)settings["secret_made_here"] == true) receiver["secret"] = (string?)settings["secret"];
    }

    public async Task<DeliveryOutcome> SendAsync(JsonObject settings, Notification notification, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_options.Timeout);
        try
        {
            using var request = Request(settings, notification);
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            return Judge(response);
        }
        catch (HttpRequestException e) when (e.InnerException is AddressRefusedException refused)
        {
            return new DeliveryOutcome(DeliveryStatus.Rejected, refused.Message);
        }
        catch (HttpRequestException e)
        {
            return new DeliveryOutcome(DeliveryStatus.Retry, Explain(e));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new DeliveryOutcome(DeliveryStatus.Retry, $"No answer within {_options.Timeout.TotalSeconds:0.###} s.");
        }
    }

    public void Dispose() => _client.Dispose();

    private static string Explain(HttpRequestException e) => e.InnerException switch
    {
        SocketException socket => $"{e.HttpRequestError}: {socket.SocketErrorCode}",
        { } inner => $"{e.HttpRequestError}: {inner.Message}",
        _ => $"{e.HttpRequestError}: {e.Message}",
    };

    private HttpRequestMessage Request(JsonObject settings, Notification notification)
    {
        var content = new StringContent(notification.Message, new MediaTypeHeaderValue("application/json", "utf-8"));
        var request = new HttpRequestMessage(HttpMethod.Post, (string)settings["url"]!) { Content = content };
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("webhook-id", notification.Id);
        request.Headers.Add("webhook-timestamp", timestamp);
        var signature = StandardWebhooks.Sign((string)settings["secret"]!, notification.Id, timestamp, notification.Message);
        request.Headers.TryAddWithoutValidation("webhook-signature", signature);
        return request;
    }

    private DeliveryOutcome Judge(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var line = $"HTTP {status} {response.ReasonPhrase}".TrimEnd();
        if (response.IsSuccessStatusCode) return new DeliveryOutcome(DeliveryStatus.Delivered, line);
        var again = status >= 500
            || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || status == StatusTooEarly;
        if (status is >= 300 and < 400) line += "; redirects are not followed";
        return again
            ? new DeliveryOutcome(DeliveryStatus.Retry, line, RetryAfter(response))
            : new DeliveryOutcome(DeliveryStatus.Rejected, line);
    }

    private const int StatusTooEarly = 425;

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } date ? date - _time.GetUtcNow() : null);
        return wait > TimeSpan.Zero ? wait : null;
    }

    private string? Refuse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            return "Must be an absolute URL with http or https.";
        if (url.UserInfo.Length > 0) return "Must not contain a user name or password.";
        if (url.Fragment.Length > 0) return "Must not contain a fragment.";
        if (_options.AllowPrivateAddresses) return null;
        // Only a hint for people who mistype; what counts is the address that the name leads to when it is used.
        var isPrivate = IPAddress.TryParse(url.DnsSafeHost, out var address)
            ? !AddressGuard.IsPublic(address)
            : url.DnsSafeHost.Equals("localhost", StringComparison.OrdinalIgnoreCase);
        return isPrivate ? AddressRefusedException.Text(url.DnsSafeHost) : null;
    }
}

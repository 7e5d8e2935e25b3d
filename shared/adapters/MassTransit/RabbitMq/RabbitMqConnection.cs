using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MassTransit;
using MassTransit.RabbitMqTransport.Configuration;

namespace Millrace.Adapters.MassTransit.RabbitMq;

/// <summary>How the broker is reached.</summary>
internal static class RabbitMqConnection
{
    private const int PlainPort = 5672;
    private const int TlsPort = 5671;

    /// <summary>MassTransit's settings for ours.</summary>
    public static RabbitMqHostSettings Settings(RabbitMqOptions options)
    {
        var port = options.Port ?? (options.Tls.Enabled ? TlsPort : PlainPort);
        var host = new RabbitMqHostConfigurator(options.Host, options.VirtualHost, (ushort)port, "millrace-alerting")
        {
            PublisherConfirmation = true,
            CredentialsProvider = new Credentials(options),
        };
        // For MassTransit's log; the provider is asked for both.
        host.Username(options.User);
        host.Heartbeat(options.Heartbeat);
        host.RequestedConnectionTimeout(TimeSpan.FromSeconds(5));
        if (options.Tls.Enabled) host.UseSsl(tls => Secure(tls, options));
        return host.Settings;
    }

    private static void Secure(IRabbitMqSslConfigurator tls, RabbitMqOptions options)
    {
        // What the machine holds for good.
        tls.Protocol = SslProtocols.None;
        tls.ServerName = options.Tls.ServerName ?? options.Host;
        if (options.Tls.CertificateFile is { } file)
        {
            tls.Certificate = X509CertificateLoader.LoadPkcs12FromFile(file, options.Tls.CertificatePassword);
        }

        if (options.Tls.CaFile is not { } authorities)
        {
            // Said, since MassTransit's own default forgives.
            tls.CertificateValidationCallback = static (_, _, _, errors) => errors == SslPolicyErrors.None;
            return;
        }

        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(authorities);
        // Only the unknown authority is forgiven, and only where ours vouches for the certificate instead.
        tls.CertificateValidationCallback = (_, certificate, _, errors) =>
            (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == SslPolicyErrors.None && certificate is not null && IsSignedBy(certificate, trusted);
    }

    private static bool IsSignedBy(X509Certificate certificate, X509Certificate2Collection trusted)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var copy = new X509Certificate2(certificate);
        return chain.Build(copy);
    }

    /// <summary>User and password, read anew at each connection.</summary>
    private sealed class Credentials(RabbitMqOptions options) : RabbitMQ.Client.ICredentialsProvider
    {
        public string Name => "millrace";

        public async Task<RabbitMQ.Client.Credentials> GetCredentialsAsync(CancellationToken cancellationToken = default) =>
            new(Name, options.User, await PasswordAsync(cancellationToken), null);

        private async Task<string> PasswordAsync(CancellationToken cancellationToken) =>
            options.PasswordFile is { } file ? (await File.ReadAllTextAsync(file, cancellationToken)).TrimEnd('\r', '\n') : options.Password ?? "guest";
    }
}

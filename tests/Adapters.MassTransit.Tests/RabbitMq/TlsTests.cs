using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Millrace.Ports.Notifications;
using Millrace.Servers;
using Millrace.Testing;
using Xunit;

namespace Millrace.Adapters.MassTransit.Tests.RabbitMq;

public sealed class TlsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Broker_with_a_certificate_of_an_authority_of_ours_is_trusted_and_no_other()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=broker", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("broker.test");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("ca.pem"), certificate.ExportCertificatePem(), Cancelled);
        await using var server = await RabbitMqServer.StartAsync(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), Cancelled);
        var handler = new Handler();
        (string, string)[] common = [("RabbitMq:Port", $"{server.TlsPort}"), ("RabbitMq:Tls:Enabled", "true"), ("Notifications:SendTimeout", "00:00:02")];

        await using (var trusting = await BusHost.StartAsync(
            server, BusHost.NewQueue(), handler, [.. common, ("RabbitMq:Tls:CaFile", directory.File("ca.pem")), ("RabbitMq:Tls:ServerName", "broker.test")]))
        {
            await Eventually.TrueAsync(async () => (await trusting.HealthAsync()).Status == HealthStatus.Healthy);
            await trusting.Bus.SendAsync(new NotificationCommand("n-1", "acme", "webhook", "ops", "{}", 1), Cancelled);
            await Eventually.TrueAsync(() => handler.Handled.Count == 1);
        }

        foreach (var settings in new[] { common, [.. common, ("RabbitMq:Tls:CaFile", directory.File("ca.pem")), ("RabbitMq:Tls:ServerName", "other.test")] })
        {
            await using var distrusting = await BusHost.StartAsync(server, BusHost.NewQueue(), handler, settings);
            var health = await Eventually.ValueAsync(
                async () => await distrusting.HealthAsync(), report => report.Description!.Contains("certificate", StringComparison.OrdinalIgnoreCase));
            Assert.Equal(HealthStatus.Unhealthy, health.Status);
        }
    }
}

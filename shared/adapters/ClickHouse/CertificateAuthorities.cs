using System.Security.Cryptography.X509Certificates;

namespace Millrace.Adapters.ClickHouse;

/// <summary>Trust in certificates of one's own.</summary>
internal static class CertificateAuthorities
{
    /// <summary>Trusts what the certificates of a PEM file have signed, and nothing else.</summary>
    public static X509ChainPolicy Policy(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(file);
        return policy;
    }
}

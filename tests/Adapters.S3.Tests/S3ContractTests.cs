using Millrace.Adapters.S3.Tests.Support;
using Millrace.Contract.Suites;
using Millrace.Ports.Objects;
using Millrace.Servers;

namespace Millrace.Adapters.S3.Tests;

public sealed class S3ContractTests(CephFixture ceph) : ObjectStoreContract
{
    private Bucket? _bucket;

    protected override async ValueTask<IObjectStore> CreateAsync() => (_bucket ??= await Bucket.CreateAsync(ceph)).Open();

    protected override async ValueTask CleanUpAsync()
    {
        if (_bucket is not null) await _bucket.DisposeAsync();
        await base.CleanUpAsync();
    }
}

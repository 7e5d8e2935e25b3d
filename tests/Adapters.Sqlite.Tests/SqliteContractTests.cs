using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Contract.Suites;
using Millrace.Ports.Metadata;
using Millrace.Testing;

namespace Millrace.Adapters.Sqlite.Tests;

public sealed class SqliteContractTests : MetadataDatabaseContract
{
    private readonly TempDirectory _directory = new();

    protected override ValueTask<IMetadataDatabase> CreateAsync() => ValueTask.FromResult<IMetadataDatabase>(new SqliteMetadataDatabase(
        Options.Create(new SqliteOptions { File = _directory.File("metadata.db"), PollInterval = TimeSpan.FromMilliseconds(20) }),
        TimeProvider.System,
        NullLogger<SqliteMetadataDatabase>.Instance));

    protected override ValueTask CleanUpAsync()
    {
        _directory.Dispose();
        return base.CleanUpAsync();
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Millrace.Contract.Suites;
using Millrace.Ports.Objects;
using Millrace.Testing;

namespace Millrace.Adapters.FileSystem.Tests;

public sealed class FileSystemContractTests : ObjectStoreContract
{
    private readonly TempDirectory _directory = new();

    protected override ValueTask<IObjectStore> CreateAsync() => ValueTask.FromResult<IObjectStore>(new FileSystemObjectStore(
        Options.Create(new FileSystemOptions { Directory = _directory.File("objects") }),
        TimeProvider.System,
        NullLogger<FileSystemObjectStore>.Instance));

    protected override ValueTask CleanUpAsync()
    {
        _directory.Dispose();
        return base.CleanUpAsync();
    }
}

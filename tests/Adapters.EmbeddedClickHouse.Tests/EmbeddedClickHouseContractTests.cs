using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Adapters.ClickHouse;
using Millrace.Contract.Suites;
using Millrace.Ports.ClickHouse;
using Xunit;

namespace Millrace.Adapters.EmbeddedClickHouse.Tests;

public sealed class EmbeddedClickHouseContractTests(EmbeddedServer server) : ClickHouseContract, IClassFixture<EmbeddedServer>
{
    protected override ValueTask<IClickHouse> ConnectAsync() => ValueTask.FromResult(server.Client);

    // Port 9, discard, is a reserved one on which nothing listens.
    protected override IClickHouse ConnectNowhere() => new ServiceCollection().AddLogging().AddClickHouseAdapter(new ConfigurationBuilder().AddInMemoryCollection(
        new Dictionary<string, string?> { ["Millrace:ClickHouse:Url"] = "http://127.0.0.1:9/", ["Millrace:ClickHouse:Secret"] = "0123456789abcdef" }).Build())
        .BuildServiceProvider().GetRequiredService<IClickHouse>();
}

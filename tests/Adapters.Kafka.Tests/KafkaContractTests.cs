using Millrace.Contract.Suites;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Tests;

public sealed class KafkaContractTests(KafkaFixture kafka) : EventLogContract
{
    private readonly string _prefix = KafkaFixture.NewPrefix();

    protected override bool GroupsHaveManyMembers => true;

    protected override TimeSpan Moment => TimeSpan.FromSeconds(3);

    protected override string? WhyItCannotHold(int bytes) =>
        KafkaFixture.RealServers is null && bytes > 4 << 20 ? "librdkafka's mock cluster keeps 5 MiB of a partition; set MILLRACE_TEST_KAFKA=host:port to run it on a real broker." : null;

    protected override async ValueTask<IEventLog> OpenAsync() => kafka.Open(await kafka.GetServersAsync(), _prefix);
}

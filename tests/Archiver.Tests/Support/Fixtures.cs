using Millrace.Archiver.Tests.Support;
using Millrace.Servers;
using Xunit;

[assembly: AssemblyFixture(typeof(ClickHouseFixture))]
[assembly: AssemblyFixture(typeof(PostgresFixture))]

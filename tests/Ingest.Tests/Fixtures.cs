using Millrace.Servers;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

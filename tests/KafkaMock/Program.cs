using System.Globalization;
using Millrace.Adapters.Kafka.Native;
using Millrace.KafkaMock;

// A Kafka for tests: librdkafka's mock cluster in a process of its own. The argument is the number of brokers (3). The first line of the output
// has the bootstrap servers; each line of the input is a command (MockCluster.Execute) and is answered by one line. It ends with its input.
Librdkafka.UseFor(typeof(MockCluster).Assembly);
using var cluster = new MockCluster(args is [var brokers] ? int.Parse(brokers, CultureInfo.InvariantCulture) : 3);
Console.Out.WriteLine("ready " + cluster.Bootstraps);
while (Console.In.ReadLine() is { } line && line != "quit")
{
    try
    {
        Console.Out.WriteLine(cluster.Execute(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }
    catch (FormatException e)
    {
        Console.Out.WriteLine("error " + e.Message);
    }
}

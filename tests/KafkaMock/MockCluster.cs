using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.KafkaMock;

/// <summary>librdkafka's mock cluster, which listens on ports of 127.0.0.1 that the system chooses.</summary>
internal sealed class MockCluster : IDisposable
{
    private readonly int _brokers;
    private IntPtr _client;
    private IntPtr _cluster;

    /// <summary>Starts it.</summary>
    /// <param name="brokers">Number of brokers.</param>
    public MockCluster(int brokers)
    {
        _brokers = brokers;
        var error = new byte[512];
        var conf = NativeMethods.ConfNew();
        // Only errors: at the default level each broker that goes down on purpose is told.
        if (NativeMethods.ConfSet(conf, "log_level", "3", error, (nuint)error.Length) != 0) throw Failure(error);
        _client = NativeMethods.New(NativeMethods.Producer, conf, error, (nuint)error.Length);
        if (_client == IntPtr.Zero) throw Failure(error);
        _cluster = NativeMethods.ClusterNew(_client, brokers);
        if (_cluster == IntPtr.Zero) throw new InvalidOperationException("The mock cluster can't be created.");
        NativeMethods.InitialRebalanceDelay(_cluster, 0);
        // Without one, requests of administrators wait for it until they time out.
        NativeMethods.SetController(_cluster, 1);
    }

    /// <summary>Where clients connect.</summary>
    public string Bootstraps => Marshal.PtrToStringUTF8(NativeMethods.Bootstraps(_cluster))!;

    /// <summary>Carries out one command.</summary>
    /// <param name="words">The command and its arguments.</param>
    /// <returns><c>ok</c>, or <c>error</c> and why.</returns>
    public string Execute(string[] words)
    {
        switch (words)
        {
            case ["topic", var name, var partitions]:
                return Answer(NativeMethods.TopicCreate(_cluster, name, Number(partitions), Math.Min(3, _brokers)));
            case ["delete-topic", var name]:
                return Answer(NativeMethods.TopicDelete(_cluster, name));
            case ["delete-records", var name, var partition, var before]:
                return Answer(NativeMethods.DeleteRecords(_cluster, name, Number(partition), Number(before)));
            case ["down"]:
                return Answer(NativeMethods.BrokerDown(_cluster, NativeMethods.AllBrokers));
            case ["down", var broker]:
                return Answer(NativeMethods.BrokerDown(_cluster, Number(broker)));
            case ["up"]:
                return Answer(NativeMethods.BrokerUp(_cluster, NativeMethods.AllBrokers));
            case ["up", var broker]:
                return Answer(NativeMethods.BrokerUp(_cluster, Number(broker)));
            case ["rtt", var milliseconds]:
                return Answer(NativeMethods.BrokerRoundTrip(_cluster, NativeMethods.AllBrokers, Number(milliseconds)));
            case ["rebalance-delay", var milliseconds]:
                NativeMethods.InitialRebalanceDelay(_cluster, Number(milliseconds));
                return Answer(0);
            case ["errors", var api, var count, var code]:
                var errors = new int[Number(count)];
                Array.Fill(errors, Number(code));
                NativeMethods.PushErrors(_cluster, (short)Number(api), (nuint)errors.Length, errors);
                return Answer(0);
            case ["clear", var api]:
                NativeMethods.ClearErrors(_cluster, (short)Number(api));
                return Answer(0);
            default:
                return "error there is no such command: " + string.Join(' ', words);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_cluster != IntPtr.Zero) NativeMethods.ClusterDestroy(_cluster);
        if (_client != IntPtr.Zero) NativeMethods.Destroy(_client);
        _cluster = _client = IntPtr.Zero;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Answer(int code) => code == 0 ? "ok" : "error " + Marshal.PtrToStringUTF8(NativeMethods.ErrorName(code));

    private static InvalidOperationException Failure(byte[] error) => new(Encoding.UTF8.GetString(error).TrimEnd('\0'));
}

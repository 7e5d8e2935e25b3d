using System.Text;
using Millrace.Ports.EventLog;

namespace Millrace.Adapters.Kafka.Native;

/// <summary>A set of librdkafka's properties, until a client takes it.</summary>
internal sealed unsafe class Conf : IDisposable
{
    private const int ErrorSize = 512;
    private const int Unknown = -2;

    private IntPtr _handle = NativeMethods.ConfNew();

    /// <summary>The native object; belongs to this one until <see cref="CreateProducer"/>.</summary>
    public IntPtr Handle => _handle;

    /// <summary>Sets a property.</summary>
    /// <returns>What is wrong, or <see langword="null"/>.</returns>
    public ConfError? Set(string name, string value)
    {
        var error = stackalloc byte[ErrorSize];
        return NativeMethods.ConfSet(_handle, name, value, error, ErrorSize) switch
        {
            0 => null,
            Unknown => ConfError.Unknown,
            _ => ConfError.Invalid,
        };
    }

    /// <summary>Makes a producer, which owns the properties from then on.</summary>
    /// <exception cref="EventLogException">librdkafka refuses, because a certificate can't be read, for example.</exception>
    public IntPtr CreateProducer()
    {
        var error = stackalloc byte[ErrorSize];
        var client = NativeMethods.New(NativeMethods.ProducerType, _handle, error, ErrorSize);
        if (client == IntPtr.Zero)
        {
            var text = Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(error));
            throw new EventLogException($"Kafka's client can't be made from Millrace:Kafka: {text}", retryable: false);
        }

        _handle = IntPtr.Zero;
        return client;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle != IntPtr.Zero) NativeMethods.ConfDestroy(_handle);
        _handle = IntPtr.Zero;
    }
}

/// <summary>Why a property was not taken.</summary>
internal enum ConfError
{
    Unset = 0,
    Unknown,
    Invalid,
}

using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Millrace.Hosting;

namespace Millrace.Adapters.Kafka.Native;

/// <summary>Loads librdkafka and says what to do where it is missing.</summary>
internal static class Librdkafka
{
    /// <summary>Name in P/Invoke declarations.</summary>
    public const string Name = "librdkafka";

    // As Confluent.Kafka tries them: librdkafka.redist brings one with Kerberos, one without, and one for musl.
    private static readonly string[] _names = [Name, "centos8-librdkafka", "alpine-librdkafka"];

    private static readonly Lazy<IntPtr> _handle = new(Find);

    /// <summary>Version of the loaded library, such as <c>2.15.1</c>.</summary>
    public static string Version => Library.VersionString;

    /// <summary>Loads the library; once it has, does nothing.</summary>
    /// <exception cref="StartException">It is missing, or older than Confluent.Kafka asks for.</exception>
    public static void Load()
    {
        try
        {
            Library.Load();
        }
        catch (Exception e) when (e is DllNotFoundException or FileLoadException or InvalidOperationException or TypeInitializationException)
        {
            throw new StartException(
                $"librdkafka, which the Kafka adapter needs, can't be loaded beside {AppContext.BaseDirectory}: run './millrace build' and build the program again. ({e.Message})", e);
        }
    }

    /// <summary>Lets an assembly's declarations find the library. Once for each assembly.</summary>
    public static void UseFor(Assembly assembly) => NativeLibrary.SetDllImportResolver(assembly, Resolve);

    /// <summary>Resolves <see cref="Name"/> to the very library that Confluent.Kafka has loaded.</summary>
    private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Name) return IntPtr.Zero;
        Load();
        return _handle.Value;
    }

    private static IntPtr Find()
    {
        foreach (var name in _names)
        {
            if (NativeLibrary.TryLoad(name, typeof(Library).Assembly, null, out var handle)) return handle;
        }

        throw new DllNotFoundException("librdkafka was loaded before and is gone.");
    }
}

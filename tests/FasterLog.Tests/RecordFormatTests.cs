using Millrace.Adapters.FasterLog.Format;
using Xunit;

namespace Millrace.FasterLog.Tests;

/// <summary>Bytes that a checksum lets through and that are no record all the same.</summary>
public sealed class RecordFormatTests
{
    public static TheoryData<byte[]> NoRecords => new()
    {
        Array.Empty<byte>(),
        new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 },
        new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0x0F },
        new byte[] { 0x80 },
        Enumerable.Repeat((byte)0x80, 40).ToArray(),
        Enumerable.Repeat((byte)0xFF, 40).ToArray(),
    };

    [Theory]
    [MemberData(nameof(NoRecords))]
    public void Lengths_beyond_the_entry_are_refused_as_no_record(byte[] bytes)
    {
        Assert.Throws<InvalidDataException>(() =>
        {
            var at = 0;
            IReadOnlyDictionary<string, string>? headers = null;
            for (var i = 0; i < 100; i++) RecordFormat.Read(bytes, ref at, i, 0, ref headers);
        });
    }
}

using System.Text;
using Google.Protobuf;
using Millrace.Contracts.Protos;

namespace Millrace.Aggregator.Engine;

/// <summary>
/// The identifying fields of a series' windows: tenant, stream, type, key and dims. The key's text is <c>name=value</c> by dimension, joined by
/// commas; a backslash precedes each comma, equals sign and backslash of a value, so that different series never have the same text.
/// </summary>
internal static class SeriesPrefix
{
    /// <summary>Type and key of what the series limit folds together.</summary>
    public const string Other = "__other__";

    public static byte[] Encode(StreamState stream, ReadOnlySpan<byte> seriesKey)
    {
        var kind = seriesKey[0];
        var rest = seriesKey[1..];
        var window = new Window { Tenant = stream.Tenant, Stream = stream.Name };
        window.Type = kind == SeriesKey.Other ? Other : Encoding.UTF8.GetString(SeriesKey.Take(ref rest));
        if (kind != SeriesKey.Own)
        {
            window.Key = Other;
            return window.ToByteArray();
        }

        var text = new StringBuilder();
        foreach (var name in stream.Settings.GroupBy)
        {
            var dim = new Dim { Name = Encoding.UTF8.GetString(name), Value = Encoding.UTF8.GetString(SeriesKey.Take(ref rest)) };
            window.Dims.Add(dim);
            if (text.Length > 0) text.Append(',');
            text.Append(dim.Name).Append('=').Append(Escape(dim.Value));
        }

        window.Key = text.ToString();
        return window.ToByteArray();
    }

    private static string Escape(string value) =>
        value.AsSpan().IndexOfAny(',', '=', '\\') < 0 ? value : value.Replace("\\", "\\\\").Replace(",", "\\,").Replace("=", "\\=");
}

namespace Millrace.Contracts.Events;

/// <summary>
/// An event as it stands on the log (<see cref="Protos.Event"/>), read in place: no object, no copy. All text is UTF-8.
/// Lives no longer than the bytes it was parsed from.
/// </summary>
public ref struct EventView
{
    private ReadOnlySpan<byte> _bytes;

    /// <summary>The event's id.</summary>
    public ReadOnlySpan<byte> Id { get; private set; }

    /// <summary>Source, empty when absent.</summary>
    public ReadOnlySpan<byte> Source { get; private set; }

    /// <summary>Stream.</summary>
    public ReadOnlySpan<byte> Stream { get; private set; }

    /// <summary>Type.</summary>
    public ReadOnlySpan<byte> Type { get; private set; }

    /// <summary>Tenant.</summary>
    public ReadOnlySpan<byte> Tenant { get; private set; }

    /// <summary>JSON text of <c>data</c>, empty when absent.</summary>
    public ReadOnlySpan<byte> Data { get; private set; }

    /// <summary>Event time, milliseconds since 1970.</summary>
    public long TimeMs { get; private set; }

    /// <summary>Time of receipt, milliseconds since 1970.</summary>
    public long ReceivedAtMs { get; private set; }

    /// <summary>Whether the event has a place.</summary>
    public bool HasGeo { get; private set; }

    /// <summary>Latitude in degrees.</summary>
    public double Lat { get; private set; }

    /// <summary>Longitude in degrees.</summary>
    public double Lon { get; private set; }

    /// <summary>Dimensions in the order in which they came.</summary>
    public readonly DimEnumerator Dims => new(_bytes);

    /// <summary>Values in the order in which they came.</summary>
    public readonly ValueEnumerator Values => new(_bytes);

    /// <summary>Reads an event.</summary>
    /// <returns><see langword="false"/> when the bytes are no well-formed message.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out EventView view)
    {
        view = new EventView { _bytes = bytes };
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case 1 when reader.WireType == 2: view.Id = reader.Bytes; break;
                case 2 when reader.WireType == 2: view.Source = reader.Bytes; break;
                case 3 when reader.WireType == 2: view.Stream = reader.Bytes; break;
                case 4 when reader.WireType == 2: view.Type = reader.Bytes; break;
                case 5 when reader.WireType == 0: view.TimeMs = (long)reader.Number; break;
                case 6 when reader.WireType == 0: view.ReceivedAtMs = (long)reader.Number; break;
                case 9 when reader.WireType == 2: view.ReadGeo(reader.Bytes); break;
                case 10 when reader.WireType == 2: view.Data = reader.Bytes; break;
                case 11 when reader.WireType == 2: view.Tenant = reader.Bytes; break;
            }
        }

        return reader.AtEnd;
    }

    private void ReadGeo(ReadOnlySpan<byte> bytes)
    {
        HasGeo = true;
        var reader = new WireReader(bytes);
        while (reader.Next(out var field))
        {
            if (reader.WireType != 1) continue;
            if (field == 1) Lat = BitConverter.UInt64BitsToDouble(reader.Number);
            else if (field == 2) Lon = BitConverter.UInt64BitsToDouble(reader.Number);
        }
    }

    /// <summary>Walks <c>dims</c>; use it in <c>foreach</c>.</summary>
    public ref struct DimEnumerator
    {
        private WireReader _reader;

        internal DimEnumerator(ReadOnlySpan<byte> bytes) => _reader = new WireReader(bytes);

        /// <summary>Name of the current dimension.</summary>
        public ReadOnlySpan<byte> Name { get; private set; }

        /// <summary>Value of the current dimension.</summary>
        public ReadOnlySpan<byte> Value { get; private set; }

        /// <summary>The enumerator itself stands for its current entry.</summary>
        public readonly DimEnumerator Current => this;

        /// <summary>For <c>foreach</c>.</summary>
        public readonly DimEnumerator GetEnumerator() => this;

        /// <summary>Steps to the next dimension.</summary>
        public bool MoveNext()
        {
            while (_reader.Next(out var field))
            {
                if (field != 7 || _reader.WireType != 2) continue;
                Name = default;
                Value = default;
                var entry = new WireReader(_reader.Bytes);
                while (entry.Next(out var part))
                {
                    if (entry.WireType != 2) continue;
                    if (part == 1) Name = entry.Bytes;
                    else if (part == 2) Value = entry.Bytes;
                }

                return true;
            }

            return false;
        }
    }

    /// <summary>Walks <c>values</c>; use it in <c>foreach</c>.</summary>
    public ref struct ValueEnumerator
    {
        private WireReader _reader;

        internal ValueEnumerator(ReadOnlySpan<byte> bytes) => _reader = new WireReader(bytes);

        /// <summary>Name of the current value.</summary>
        public ReadOnlySpan<byte> Name { get; private set; }

        /// <summary>The current value, finite.</summary>
        public double Value { get; private set; }

        /// <summary>The enumerator itself stands for its current entry.</summary>
        public readonly ValueEnumerator Current => this;

        /// <summary>For <c>foreach</c>.</summary>
        public readonly ValueEnumerator GetEnumerator() => this;

        /// <summary>Steps to the next value.</summary>
        public bool MoveNext()
        {
            while (_reader.Next(out var field))
            {
                if (field != 8 || _reader.WireType != 2) continue;
                Name = default;
                Value = 0;
                var entry = new WireReader(_reader.Bytes);
                while (entry.Next(out var part))
                {
                    if (part == 1 && entry.WireType == 2) Name = entry.Bytes;
                    else if (part == 2 && entry.WireType == 1) Value = BitConverter.UInt64BitsToDouble(entry.Number);
                }

                return true;
            }

            return false;
        }
    }
}

namespace Millrace.Installations;

/// <summary>A Millrace that runs, in whatever form.</summary>
internal interface IMillrace
{
    /// <summary>Where producers and dashboards go.</summary>
    Uri Url { get; }

    /// <summary>ClickHouse's HTTP interface.</summary>
    Uri ClickHouse { get; }

    /// <summary>All lines of a stream in the object store.</summary>
    IAsyncEnumerable<string> ObjectLinesAsync(string tenant, string stream);
}

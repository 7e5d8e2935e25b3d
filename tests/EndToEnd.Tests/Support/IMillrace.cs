namespace Millrace.EndToEnd.Tests.Support;

/// <summary>A Millrace that runs, in whatever form.</summary>
internal interface IMillrace
{
    /// <summary>Where producers and dashboards go.</summary>
    Uri Url { get; }

    /// <summary>ClickHouse's HTTP interface.</summary>
    Uri ClickHouse { get; }

    /// <summary>Ids of all lines of a stream in the object store.</summary>
    Task<List<string>> ObjectIdsAsync(string tenant, string stream);
}

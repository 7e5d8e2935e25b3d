namespace Millrace.Hosting.Ledger;

/// <summary>Names of the stages that count for the ledger.</summary>
public static class LedgerStages
{
    /// <summary>What was taken in and what was refused.</summary>
    public const string Intake = "intake";

    /// <summary>What went into windows, came late or was a repetition.</summary>
    public const string Aggregator = "aggregator";

    /// <summary>What stands in ClickHouse. An event is archived when it stands in both archives.</summary>
    public const string ClickHouse = "archiver.clickhouse";

    /// <summary>What stands in the object store.</summary>
    public const string Objects = "archiver.objects";
}

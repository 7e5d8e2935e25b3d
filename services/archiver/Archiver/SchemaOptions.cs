using System.ComponentModel.DataAnnotations;

namespace Millrace.Archiver;

/// <summary>The tables in ClickHouse, as they are made at the first start. What exists keeps its engine.</summary>
public sealed class SchemaOptions
{
    /// <summary>Database of the tables; <c>&lt;name&gt;_archiver</c> is made besides. Default <c>millrace</c>, the only one on an embedded ClickHouse.</summary>
    [Required, RegularExpression("[a-z_][a-z0-9_]{0,50}")]
    public string Database { get; set; } = "millrace";

    /// <summary>
    /// Name of the cluster whose servers all get the tables (<c>ON CLUSTER</c>); one shard, any number of replicas. Needs <see cref="Replicated"/>.
    /// </summary>
    [RegularExpression("[A-Za-z0-9_.{}-]{1,100}")]
    public string? Cluster { get; set; }

    /// <summary>Whether tables are replicated (<c>ReplicatedMergeTree</c> and its kin), which needs a ClickHouse Keeper. Default off.</summary>
    public bool Replicated { get; set; }

    /// <summary>
    /// Path of a replicated table in the Keeper, such as <c>/clickhouse/tables/{shard}/{database}/{table}</c>; needs <see cref="ReplicaName"/>.
    /// Default: the server's own.
    /// </summary>
    [RegularExpression("/[^'\\\\]{1,300}")]
    public string? ReplicaPath { get; set; }

    /// <summary>Name of a replica in the Keeper, such as <c>{replica}</c>; needs <see cref="ReplicaPath"/>. Default: the server's own.</summary>
    [RegularExpression("[^'\\\\]{1,100}")]
    public string? ReplicaName { get; set; }

    /// <summary>Replicas that must have a batch before it counts as stored (<c>insert_quorum</c>); unset is one, the one that was asked.</summary>
    [Range(2, 100)]
    public int? InsertQuorum { get; set; }
}

using Millrace.Hosting.Schema;
using Millrace.Ports.Metadata;

namespace Millrace.Alerting.Storage;

/// <summary>The metadata database with this service's tables, made at the first use.</summary>
internal sealed class AlertingDatabase(IMetadataDatabase database, TimeProvider time) : MigratedDatabase(database, AlertingSchema.EnsureAsync, time);

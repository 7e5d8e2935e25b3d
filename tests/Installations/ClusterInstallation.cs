using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Millrace.Servers;
using Millrace.Testing;

namespace Millrace.Installations;

/// <summary>
/// The five services as processes of their own, started by the program behind <c>./millrace services</c>, on Kafka (librdkafka's mock cluster),
/// PostgreSQL, RabbitMQ, S3 (Ceph) and ClickHouse, each a server of its own, all but Kafka behind a door that can fail.
/// </summary>
internal sealed class ClusterInstallation : IMillrace, IAsyncDisposable
{
    private const string Bucket = "millrace";
    private readonly TempDirectory _data = new();
    private readonly Stack<IAsyncDisposable> _servers = new();
    private AmazonS3Client? _s3;

    public KafkaMockBroker Kafka { get; private set; } = null!;

    public PostgresServer Postgres { get; private set; } = null!;

    public RabbitMqServer RabbitMq { get; private set; } = null!;

    public FaultyDoor ObjectDoor { get; private set; } = null!;

    public FaultyDoor PostgresDoor { get; private set; } = null!;

    public FaultyDoor RabbitMqDoor { get; private set; } = null!;

    public FaultyDoor ClickHouseDoor { get; private set; } = null!;

    public ClickHouseServer ClickHouseServer { get; private set; } = null!;

    public ServiceProcesses Services { get; private set; } = null!;

    public Uri Url => Services.Gateway;

    public Uri ClickHouse => ClickHouseServer.Url;

    /// <summary>Starts everything and waits until all services are ready.</summary>
    public static async Task<ClusterInstallation> StartAsync(CancellationToken cancellationToken)
    {
        var cluster = new ClusterInstallation();
        try
        {
            await cluster.StartServersAsync(cancellationToken);
            cluster.Services = await ServiceProcesses.StartAsync(cluster.Settings, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Says where a service that starts is to die, while it is there: what <c>MILLRACE_FAULT</c> names.</summary>
    public string FaultFile => Path.Combine(_data.Path, "fault");

    /// <summary>What every service is told.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; private set; } = new Dictionary<string, string>();

    public MillraceClient Client(string? credential = null) => new(this, credential ?? Installation.ApiKey);

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ObjectLinesAsync(string tenant, string stream)
    {
        var list = new ListObjectsV2Request { BucketName = Bucket, Prefix = $"raw/tenant={tenant}/stream={stream}/" };
        do
        {
            var page = await _s3!.ListObjectsV2Async(list);
            foreach (var found in (page.S3Objects ?? []).Where(found => found.Key.EndsWith(ObjectLines.Extension, StringComparison.Ordinal)))
            {
                using var answer = await _s3.GetObjectAsync(Bucket, found.Key);
                await foreach (var line in ObjectLines.ReadAsync(answer.ResponseStream)) yield return line;
            }

            list.ContinuationToken = page.NextContinuationToken;
        }
        while (list.ContinuationToken is not null);
    }

    /// <summary>SQL as the owner of the ClickHouse server; tab-separated lines.</summary>
    public async Task<string[]> SqlAsync(string sql)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, ClickHouse) { Content = new StringContent(sql) };
        request.Headers.Add("X-ClickHouse-User", ClickHouseServer.User);
        request.Headers.Add("X-ClickHouse-Key", ClickHouseServer.Secret);
        using var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? text.Split('\n', StringSplitOptions.RemoveEmptyEntries) : throw new HttpRequestException(text, null, answer.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        if (Services is not null) await Services.DisposeAsync();
        _s3?.Dispose();
        while (_servers.TryPop(out var server)) await server.DisposeAsync();
        _data.Dispose();
    }

    private async Task StartServersAsync(CancellationToken cancellationToken)
    {
        // They start side by side: Ceph alone takes some ten seconds.
        var ceph = Keep(CephServer.StartAsync(cancellationToken));
        var rabbitMq = Keep(RabbitMqServer.StartAsync(cancellationToken));
        var postgres = Keep(PostgresServer.StartAsync(cancellationToken));
        var clickHouse = Keep(ClickHouseServer.StartAsync(cancellationToken));
        var kafka = Keep(KafkaMockBroker.StartAsync(cancellationToken));
        await Task.WhenAll(ceph, rabbitMq, postgres, clickHouse, kafka);
        (RabbitMq, Postgres, ClickHouseServer, Kafka) = (await rabbitMq, await postgres, await clickHouse, await kafka);
        foreach (var topic in (string[])["events", "windows", "inbound"]) await Kafka.CreateTopicAsync("millrace." + topic, 4, cancellationToken);
        foreach (var topic in (string[])["late", "dead-letter", "alerts"]) await Kafka.CreateTopicAsync("millrace." + topic, 1, cancellationToken);

        var store = await ceph;
        ObjectDoor = Door(store.Endpoint);
        PostgresDoor = Door(new Uri($"http://127.0.0.1:{Postgres.Port}"));
        RabbitMqDoor = Door(new Uri($"http://127.0.0.1:{RabbitMq.Port}"));
        ClickHouseDoor = Door(ClickHouseServer.Url);
        _s3 = new AmazonS3Client(
            new BasicAWSCredentials(store.AccessKey, store.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = store.Endpoint.ToString(),
                ForcePathStyle = true,
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            });
        Settings = new Dictionary<string, string>
        {
            ["Millrace__Adapters__EventLog"] = "kafka",
            ["Millrace__Adapters__Metadata"] = "postgres",
            ["Millrace__Adapters__Notifications"] = "rabbitmq",
            ["Millrace__Adapters__Objects"] = "s3",
            ["Millrace__Kafka__BootstrapServers"] = Kafka.BootstrapServers,
            ["Millrace__Postgres__ConnectionString"] = (await Postgres.CreateDatabaseAsync(cancellationToken)).Replace($"Port={Postgres.Port};", $"Port={PostgresDoor.Port};", StringComparison.Ordinal),
            ["Millrace__RabbitMq__Host"] = "127.0.0.1",
            ["Millrace__RabbitMq__Port"] = RabbitMqDoor.Port.ToString(CultureInfo.InvariantCulture),
            ["Millrace__RabbitMq__User"] = RabbitMqServer.User,
            ["Millrace__RabbitMq__Password"] = RabbitMq.Password,
            ["Millrace__S3__Endpoint"] = ObjectDoor.Endpoint.ToString(),
            ["Millrace__S3__Bucket"] = Bucket,
            ["Millrace__S3__CreateBucket"] = "true",
            ["Millrace__S3__AccessKey"] = store.AccessKey,
            ["Millrace__S3__SecretKey"] = store.SecretKey,
            // Ceph ignores the condition at the end of a multipart upload.
            ["Millrace__S3__ConditionalPut"] = "PutOnly",
            ["Millrace__ClickHouse__Url"] = ClickHouseDoor.Endpoint.ToString(),
            ["Millrace__ClickHouse__User"] = ClickHouseServer.User,
            ["Millrace__ClickHouse__Secret"] = ClickHouseServer.Secret,
            ["Millrace__Bootstrap__Tenant"] = Installation.Tenant,
            ["Millrace__Bootstrap__ApiKey"] = Installation.ApiKey,
            ["Millrace__Auth__SigningKey"] = Installation.SigningKey,
            ["Millrace__Ingest__Inbound__Topics__0__Name"] = "millrace.inbound",
            ["Millrace__Ingest__Inbound__Topics__0__Tenant"] = Installation.Tenant,
            ["Millrace__Ingest__Inbound__Topics__0__Stream"] = "inbound",
            // Receivers of the tests listen on loopback; a cut in the object store is to be seen within the patience of a test.
            ["Millrace__Alerting__Webhooks__AllowPrivateAddresses"] = "true",
            ["MILLRACE_FAULT"] = "@" + FaultFile,
        };
    }

    private FaultyDoor Door(Uri to)
    {
        var door = new FaultyDoor(to);
        _servers.Push(door);
        return door;
    }

    private async Task<T> Keep<T>(Task<T> starting)
        where T : IAsyncDisposable
    {
        var server = await starting;
        lock (_servers) _servers.Push(server);
        return server;
    }
}

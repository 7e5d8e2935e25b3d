using System.Net;
using Millrace.ClickHouse.Embedded.Tests.Support;

namespace Millrace.ClickHouse.Embedded.Tests.Gate;

/// <summary>What a hostile tenant could try. Alice must never learn of Bob's rows, of other tables, of files or of the network, nor change anything.</summary>
[Collection(ServerCollection.Name)]
public sealed class GateAttackTests(ServerFixture server)
{
    private const string Canary = "/tmp/millrace-gate-canary";

    public static TheoryData<string> Refused() =>
    [
        // Other tables, by every way of naming one.
        "SELECT * FROM internal", "SELECT * FROM millrace.internal", "SELECT * FROM other.notes", "SELECT * FROM `other`.`notes`", "SELECT * FROM \"other\".\"notes\"",
        "SELECT * FROM/**/other/**/./**/notes", "SELECT * FROM -- comment\nother.notes", "SELECT * FROM /* nested /* comment */ */ other.notes", "SELECT * FROM other . notes",
        "SELECT * FROM (SELECT * FROM other.notes)", "WITH x AS (SELECT * FROM other.notes) SELECT * FROM x", "WITH (SELECT note FROM other.notes) AS x SELECT x",
        "SELECT (SELECT note FROM other.notes)", "SELECT 1 UNION ALL SELECT 1 FROM other.notes", "SELECT 1 INTERSECT SELECT 1 FROM other.notes", "SELECT 1 EXCEPT SELECT 1 FROM other.notes",
        "SELECT * FROM events JOIN other.notes ON 1 = 1", "SELECT * FROM events, other.notes", "SELECT * FROM events PASTE JOIN other.notes", "SELECT count() FROM events WHERE id IN (SELECT note FROM other.notes)",
        "SELECT 'internal secret' IN other.notes", "SELECT 'internal secret' IN `other`.notes", "SELECT 'internal secret' IN millrace.internal", "SELECT 'internal secret' IN internal",
        "SELECT 'internal secret' NOT IN (internal)", "SELECT 'internal secret' GLOBAL IN other.notes", "SELECT in('internal secret', other.notes)", "SELECT 1 WHERE EXISTS (SELECT * FROM other.notes)",
        "SELECT EXISTS (SELECT 1 FROM other.notes)", "SELECT count() FROM events ARRAY JOIN (SELECT groupArray(note) FROM other.notes) AS n", "FROM other.notes SELECT *", "(SELECT * FROM other.notes)",
        "((SELECT * FROM other.notes))", "SELECT arrayMap(x -> (SELECT any(note) FROM other.notes), [1])", "SELECT * FROM events ORDER BY (SELECT note FROM other.notes)",
        "SELECT * FROM events LIMIT (SELECT count() FROM other.notes)", "SELECT max(id) OVER (PARTITION BY (SELECT note FROM other.notes)) FROM events",
        "WITH RECURSIVE r AS (SELECT note FROM other.notes UNION ALL SELECT note FROM r WHERE 0) SELECT * FROM r", "SELECT * FROM events QUALIFY (SELECT 1 FROM other.notes) = 1",
        "SELECT * REPLACE ((SELECT any(note) FROM other.notes) AS id) FROM events", "SELECT * FROM events GROUP BY GROUPING SETS (((SELECT note FROM other.notes)))",
        // Views of other people.
        "SELECT * FROM peek", "SELECT * FROM millrace.peek", "SELECT * FROM peek_by(t = 'bob')", "SELECT * FROM millrace.peek_by(t = 'bob')", "SELECT * FROM tenant_system.nothing",
        // The server's own tables.
        "SELECT * FROM system.processes", "SELECT * FROM system.parts", "SELECT * FROM system.query_log", "SELECT * FROM system.users", "SELECT * FROM system.row_policies", "SELECT * FROM system.grants",
        "SELECT * FROM system.server_settings", "SELECT * FROM system.user_processes", "SELECT * FROM system.errors", "SELECT * FROM system.stack_trace", "SELECT * FROM system.macros",
        "SELECT * FROM system.metrics", "SELECT * FROM system.events", "SELECT * FROM system.disks", "SELECT * FROM system.mutations", "SELECT * FROM system.merges", "SELECT * FROM system.named_collections",
        "SELECT * FROM system.dictionaries", "SELECT * FROM system.warnings", "SELECT * FROM system.build_options", "SELECT * FROM system.certificates", "SELECT * FROM SYSTEM.processes", "SELECT * FROM `system`.`processes`",
        "SELECT 1 IN system.processes", "SELECT count() FROM events WHERE 1 IN (system.one.dummy, system.parts)", "SELECT * FROM INFORMATION_SCHEMA.STATISTICS", "SELECT * FROM information_schema.views",
        "SELECT system.processes.query FROM system.processes", "SELECT * FROM default.x", "SELECT * FROM _temporary_and_external_tables.x",
        // Table functions.
        "SELECT * FROM file('/etc/passwd', LineAsString)", "SELECT * FROM file('/etc/passwd', 'LineAsString', 's String')", "SELECT * FROM `file`('/etc/passwd', LineAsString)", "SELECT * FROM FILE('/etc/passwd')",
        "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)", "SELECT * FROM s3('http://127.0.0.1:1/x')", "SELECT * FROM remote('127.0.0.1', 'other.notes')", "SELECT * FROM remoteSecure('127.0.0.1', other.notes)",
        "SELECT * FROM cluster('default', other.notes)", "SELECT * FROM clusterAllReplicas('default', system.processes)", "SELECT * FROM executable('cat /etc/passwd', LineAsString, 's String')",
        "SELECT * FROM merge('other', 'notes')", "SELECT * FROM merge('millrace', '.*')", "SELECT * FROM merge(REGEXP('.*'), '.*')", "SELECT * FROM merge('events')", "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')", "SELECT * FROM sqlite('/tmp/x', 'y')", "SELECT * FROM mongodb('127.0.0.1:1', 'a', 'b', 'c', 'd', 'x Int8')", "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
        "SELECT * FROM dictionary('other.words')", "SELECT * FROM input('x Int8')", "SELECT * FROM loop(other.notes)", "SELECT * FROM mergeTreeIndex('millrace', 'events')", "SELECT * FROM mergeTreeProjection('millrace', 'events', 'p')",
        "SELECT * FROM mergeTreeAnalyzeIndexes('millrace', 'events')", "SELECT * FROM viewIfPermitted(SELECT * FROM other.notes ELSE null('x Int8'))", "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT 1))", "SELECT * FROM view(SELECT * FROM other.notes)",
        "SELECT * FROM eval('SELECT * FROM other.notes')", "SELECT * FROM fuzzQuery('SELECT 1')", "SELECT * FROM fuzzJSON('{}')", "SELECT * FROM generateRandom('a String') LIMIT 1", "SELECT * FROM hdfs('hdfs://x')", "SELECT * FROM iceberg('x')",
        "SELECT * FROM deltaLakeLocal('/etc')", "SELECT * FROM icebergLocal('/etc')", "SELECT * FROM azureBlobStorage('x')", "SELECT * FROM filesystem('/etc')", "SELECT * FROM null('x Int8')", "SELECT * FROM arrowstream('x')", "SELECT * FROM Python(x)",
        "SELECT * FROM jdbc('x', 'y')", "SELECT * FROM odbc('x', 'y', 'z')", "SELECT * FROM format('CSV', '1')", "SELECT * FROM timeSeriesData('x')", "SELECT * FROM prometheusQuery('a', 'b', 'c', 1)",
        // Paths as tables, as clickhouse-local has them.
        "SELECT * FROM '/etc/passwd'", "SELECT * FROM `/etc/passwd`", "SELECT * FROM \"/etc/passwd\"", "SELECT * FROM `../db/metadata`", "SELECT * FROM default.`/etc/passwd`", "SELECT * FROM `http://127.0.0.1:1/x.csv`",
        // Functions.
        "SELECT file('/etc/passwd')", "SELECT `file`('/etc/passwd')", "SELECT FILE('/etc/passwd')", "SELECT \"file\"('/etc/passwd')", "SELECT file/**/('/etc/passwd')", "SELECT arrayMap(x -> file(x), ['/etc/passwd'])",
        "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", "SELECT COLUMNS('.*') APPLY(x -> file(x)) FROM (SELECT '/etc/passwd')", "WITH x -> file(x) AS f SELECT f('/etc/passwd')", "SELECT peekaboo('/etc/passwd')",
        "SELECT max(id) FILTER (WHERE file('/etc/passwd') != '') FROM events", "SELECT quantile(length(file('/etc/passwd')))(1)", "SELECT 1 LIMIT length(file('/etc/passwd'))", "SELECT id FROM events ORDER BY file('/etc/passwd')",
        "SELECT id FROM events ORDER BY id WITH FILL FROM length(file('/etc/passwd'))", "SELECT sum(1) OVER (ORDER BY id ROWS BETWEEN length(file('/etc/passwd')) PRECEDING AND CURRENT ROW) FROM events",
        "SELECT dictGet('other.words', 'note', 1)", "SELECT dictGetOrDefault('other.words', 'note', 1, '')", "SELECT dictHas('other.words', 1)", "SELECT joinGet('other.notes', 'note', 1)", "SELECT hasColumnInTable('other', 'notes', 'note')",
        "SELECT getSetting('stream_like_engine_insert_queue')", "SELECT getSettingOrDefault('stream_like_engine_insert_queue', '')", "SELECT getServerSetting('path')", "SELECT getMacro('x')", "SELECT hostName()", "SELECT serverUUID()",
        "SELECT filesystemAvailable()", "SELECT sleep(1)", "SELECT sleepEachRow(1) FROM events", "SELECT catboostEvaluate('/etc/passwd', 1)", "SELECT evalMLMethod('x', 1)", "SELECT addressToLine(1)", "SELECT demangle('x')",
        "SELECT showCertificate()", "SELECT aiGenerate('x', 'y')", "SELECT logTrace('x')", "SELECT generateSerialID('x')", "SELECT tcpPort()", "SELECT regionToName(1)", "SELECT formatRow('CSV', 1)", "SELECT currentRoles()", "SELECT __getScalar('x')",
        "SELECT structureToProtobufSchema('x Int8')", "SELECT `plus (children 1)`(1, 2)", "SELECT 1 AS `x\n Function plus`, file('/etc/passwd')", "SELECT 1 AS `x (alias y) (children 2)`, file('/etc/passwd')",
        // Other statements.
        "INSERT INTO events VALUES ('alice')", "INSERT INTO events SELECT * FROM events", "INSERT INTO FUNCTION file('/tmp/millrace-gate-canary', CSV, 'x Int8') VALUES (1)", "CREATE TABLE x (a Int8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE x (a Int8)", "CREATE VIEW x AS SELECT 1", "CREATE FUNCTION f AS x -> x", "CREATE DICTIONARY d (a Int8) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'CSV')) LAYOUT(FLAT()) LIFETIME(0)",
        "CREATE USER eve", "ALTER TABLE events DELETE WHERE 1", "ALTER TABLE events UPDATE data = '' WHERE 1", "DELETE FROM events WHERE 1", "UPDATE events SET data = '' WHERE 1", "TRUNCATE TABLE events", "DROP TABLE events", "DROP DATABASE millrace", "RENAME TABLE events TO e",
        "EXCHANGE TABLES events AND rollup_1m", "OPTIMIZE TABLE events", "DETACH TABLE events", "ATTACH TABLE events", "UNDROP TABLE events", "SYSTEM SHUTDOWN", "SYSTEM RELOAD CONFIG", "SYSTEM FLUSH LOGS", "KILL QUERY WHERE 1", "KILL MUTATION WHERE 1",
        "BACKUP TABLE events TO File('/tmp/millrace-gate-canary')", "RESTORE TABLE events FROM File('/tmp/x')", "SET max_memory_usage = 0", "SET ROLE admin", "SET DEFAULT ROLE admin TO default", "SET stream_like_engine_insert_queue = ''", "USE system", "GRANT admin TO default",
        "REVOKE tenant FROM default", "EXECUTE AS default SELECT 1", "BEGIN TRANSACTION", "COMMIT", "WATCH events", "CHECK TABLE events", "CHECK ALL TABLES", "EXPLAIN SELECT * FROM events", "EXPLAIN PLAN indexes = 1 SELECT * FROM events", "EXPLAIN ESTIMATE SELECT * FROM events",
        "EXPLAIN AST SELECT 1", "EXPLAIN PIPELINE SELECT 1", "EXPLAIN QUERY TREE SELECT 1", "EXPLAIN TABLE OVERRIDE x COLUMNS (a Int8)", "DESCRIBE other.notes", "DESCRIBE internal", "DESCRIBE file('/etc/passwd')", "DESCRIBE (SELECT * FROM other.notes)", "DESC TABLE url('http://127.0.0.1:1/', CSV)",
        "SHOW PROCESSLIST", "SHOW GRANTS", "SHOW USERS", "SHOW ROLES", "SHOW ACCESS", "SHOW POLICIES", "SHOW CREATE POLICY default", "SHOW CREATE USER default", "SHOW SETTINGS LIKE '%'", "SHOW SETTING readonly", "SHOW CLUSTERS", "SHOW ENGINES", "SHOW FUNCTIONS", "SHOW DICTIONARIES",
        "SHOW TABLES FROM system", "SHOW TABLES FROM other", "SHOW TABLES FROM `system`", "SHOW CREATE TABLE other.notes", "SHOW CREATE TABLE internal", "SHOW CREATE VIEW peek", "SHOW CREATE DICTIONARY other.words", "SHOW CREATE DATABASE other", "SHOW COLUMNS FROM notes FROM other", "SHOW COLUMNS FROM other.notes",
        "SHOW INDEX FROM internal", "SHOW PROFILES", "SHOW QUOTA", "SHOW MERGES", "SHOW FILESYSTEM CACHES", "EXISTS other.notes", "EXISTS internal", "EXISTS DATABASE other", "EXISTS DICTIONARY other.words", "PARALLEL WITH", "MOVE USER default TO memory", "SNAPSHOT", "COPY events TO '/tmp/x'",
        // Files as the result's place.
        "SELECT 1 INTO OUTFILE '/tmp/millrace-gate-canary'", "SELECT 1 INTO/**/OUTFILE '/tmp/millrace-gate-canary' FORMAT CSV", "SELECT * FROM events INTO OUTFILE '/tmp/millrace-gate-canary' TRUNCATE", "SELECT 1 INTO OUTFILE '/tmp/millrace-gate-canary' AND STDOUT",
        "SHOW TABLES INTO OUTFILE '/tmp/millrace-gate-canary'", "(SELECT 1) INTO OUTFILE '/tmp/millrace-gate-canary'", "WITH 1 AS x SELECT x INTO OUTFILE '/tmp/millrace-gate-canary'",
        // Settings.
        "SELECT * FROM events SETTINGS readonly = 0", "SELECT * FROM events SETTINGS stream_like_engine_insert_queue = ''", "SELECT * FROM (SELECT * FROM events SETTINGS stream_like_engine_insert_queue = '')", "SELECT * FROM (SELECT * FROM events SETTINGS max_threads = 1)",
        "WITH x AS (SELECT * FROM events SETTINGS stream_like_engine_insert_queue = DEFAULT) SELECT * FROM x", "(SELECT * FROM events SETTINGS max_threads = 1) UNION ALL SELECT * FROM events", "SELECT * FROM events SETTINGS additional_table_filters = {'millrace.events': '1'}",
        "SELECT * FROM events SETTINGS additional_result_filter = 'file(1)'", "SELECT * FROM events SETTINGS output_format_schema = '/tmp/millrace-gate-canary'", "SELECT * FROM events SETTINGS format_schema = 'x:y'", "SELECT * FROM events SETTINGS format_template_row = '/etc/passwd'",
        "SELECT * FROM events SETTINGS log_comment = 'x', allow_ddl = 1", "SELECT * FROM events SETTINGS max_threads", "SELECT * FROM events FORMAT CSV SETTINGS workload = 'x'", "SELECT * FROM events SETTINGS allow_introspection_functions = 1", "SELECT * FROM events SETTINGS implicit_select = 1",
        "SELECT * FROM events SETTINGS dialect = 'prql'", "SELECT * FROM events SETTINGS allow_experimental_kusto_dialect = 1, dialect = 'kusto'", "SELECT * FROM events SETTINGS use_query_cache = 1", "SELECT * FROM events SETTINGS parallel_replicas_mode = 'custom_key'",
        // Formats.
        "SELECT 1 FORMAT Template", "SELECT 1 FORMAT CustomSeparated", "SELECT 1 FORMAT Protobuf", "SELECT 1 FORMAT CapnProto", "SELECT 1 FORMAT AvroConfluent", "SELECT 1 FORMAT MySQLWire",
        // What is no one statement.
        "SELECT 1; SELECT 2", "SELECT 1;; DROP TABLE events", "SELECT 1; -- x\nSELECT 2", "SELECT 1 /* ; */; INSERT INTO events VALUES (1)", "", ";", "-- nothing", "/* open", "SELECT 'open", "SELECT `open", "SELECT $a$ open", "SELECT", "SELEC 1", "1 + 1", "file('/etc/passwd')", "graph = 1 SELECT 1",
        "optimize = 1 SELECT 1", "SELECT 1 PARALLEL WITH SELECT 2", "INSERT INTO events SELECT 1 PARALLEL WITH DROP TABLE events", "SELECT 1\0", "SELECT 1 FORMAT CSV FORMAT CSV", "SELECT 1 FORMAT", "SELECT FORMAT CSV", "AST SELECT 1",
    ];

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Statement_that_reaches_out_is_refused(string sql)
    {
        File.Delete(Canary);
        var answer = await server.Alice.SendAsync(sql);
        Assert.True(answer.Status is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest or HttpStatusCode.NotFound, $"{answer.Status}: {answer.Text}");
        AssertNothingLeaked(answer.Text);
        Assert.False(File.Exists(Canary), "A file was written.");
    }

    [Theory]
    [InlineData("SELECT * FROM {t:Identifier}", "param_t=other.notes")]
    [InlineData("SELECT * FROM {d:Identifier}.{t:Identifier}", "param_d=system&param_t=processes")]
    [InlineData("SELECT 1 IN {t:Identifier}", "param_t=system.parts")]
    [InlineData("SELECT {f:Identifier}('/etc/passwd')", "param_f=file")]
    [InlineData("SELECT * FROM {t:Identifier}", "param_t=%2Fetc%2Fpasswd")]
    [InlineData("SELECT 1", "readonly=0")]
    [InlineData("SELECT 1", "database=other")]
    [InlineData("SELECT 1", "database=system")]
    [InlineData("SELECT 1", "stream_like_engine_insert_queue=x")]
    [InlineData("SELECT 1", "output_format_schema=%2Ftmp%2Fmillrace-gate-canary")]
    [InlineData("SELECT 1", "default_format=Template")]
    [InlineData("SELECT 1", "default_format=CSV%20SETTINGS%20x%3D1")]
    [InlineData("SELECT 1", "max_threads=1;DROP")]
    [InlineData("SELECT 1", "a%20b=1")]
    [InlineData("1 FROM other.notes", "query=SELECT")]
    [InlineData("; DROP TABLE events", "query=SELECT%201")]
    public async Task Parameter_that_reaches_out_is_refused(string sql, string parameters)
    {
        var answer = await server.Alice.SendAsync(sql, parameters);
        Assert.True(answer.Status is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest or HttpStatusCode.NotFound, $"{answer.Status}: {answer.Text}");
        AssertNothingLeaked(answer.Text);
        Assert.False(File.Exists(Canary), "A file was written.");
    }

    [Fact]
    public async Task Refusal_names_what_is_allowed()
    {
        var answer = await server.Alice.SendAsync("SELECT file('/etc/passwd')");
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal("497", answer.Header("X-ClickHouse-Exception-Code"));
        Assert.StartsWith("Code: 497. DB::Exception: The function 'file' is not allowed", answer.Text, StringComparison.Ordinal);
        Assert.Contains("Allowed is one SELECT over events", answer.Text, StringComparison.Ordinal);
    }

    private static void AssertNothingLeaked(string text)
    {
        Assert.DoesNotContain("internal secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("bobs secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("root:x:0", text, StringComparison.Ordinal);
    }
}

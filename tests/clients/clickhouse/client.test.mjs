// The official client, as it is, against the embedded server. Run by the test OfficialClientTests, which sets the two variables.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { createClient, ClickHouseError } from '@clickhouse/client'

const url = process.env.MILLRACE_TEST_CLICKHOUSE_URL
const secret = process.env.MILLRACE_TEST_CLICKHOUSE_SECRET
const millrace = createClient({ url, username: 'millrace', password: secret, application: 'tests' })
const packing = createClient({ url, username: 'millrace', password: secret, compression: { request: true, response: true } })
const alice = createClient({ url, username: 'alice', password: createHmac('sha256', secret).update('alice').digest('hex'), database: 'millrace' })

const rows = async (client, query, more = {}) => (await client.query({ query, format: 'JSONEachRow', ...more })).json()

before(async () => {
  await millrace.command({ query: 'CREATE TABLE js (id UInt64, name String, tags Array(String), at DateTime64(3)) ENGINE = MergeTree ORDER BY id' })
})
after(() => Promise.all([millrace.close(), packing.close(), alice.close()]))

test('ping', async () => {
  assert.deepEqual(await millrace.ping(), { success: true })
  assert.deepEqual(await millrace.ping({ select: true }), { success: true })
  const stranger = createClient({ url, username: 'alice', password: 'wrong' })
  assert.equal((await stranger.ping({ select: true })).success, false)
  await stranger.close()
})

test('insert values, a stream and a file of rows', async () => {
  await millrace.insert({ table: 'js', values: [{ id: 1, name: "o'ne\n\t\\", tags: ['a', "b'"], at: '2026-01-01 00:00:00.123' }], format: 'JSONEachRow' })
  const stream = Readable.from((function* () { for (let id = 10; id < 10010; id++) yield { id, name: `n${id}`, tags: [], at: '2026-01-01 00:00:00' } })())
  const { summary } = await millrace.insert({ table: 'js', values: stream, format: 'JSONEachRow' })
  assert.equal(summary.written_rows, '10000')
  await packing.insert({ table: 'js', values: Readable.from(['2,two,"[]",2026-01-01 00:00:00\n', '3,three,"[]",2026-01-01 00:00:00\n'], { objectMode: false }), format: 'CSV' })
  assert.deepEqual(await rows(millrace, 'SELECT count() AS n, max(id) AS most FROM js'), [{ n: 10003, most: 10009 }])
  assert.deepEqual(await rows(millrace, 'SELECT * FROM js WHERE id = 1'), [{ id: 1, name: "o'ne\n\t\\", tags: ['a', "b'"], at: '2026-01-01 00:00:00.123' }])
  await millrace.insert({ table: 'js', columns: { except: ['tags'] }, values: [[20000, 'except', '2026-01-01 00:00:00']], format: 'JSONCompactEachRow' })
  assert.equal((await rows(millrace, 'SELECT name FROM js WHERE id = 20000'))[0].name, 'except')
})

test('every JSON format reads back', async () => {
  for (const format of ['JSON', 'JSONCompact', 'JSONStrings', 'JSONColumnsWithMetadata']) {
    const answer = await (await millrace.query({ query: 'SELECT number AS n FROM numbers(3)', format })).json()
    assert.equal(answer.rows, 3)
    assert.ok(answer.statistics.elapsed >= 0)
  }
  const big = await (await packing.query({ query: 'SELECT number AS n, toString(number) AS s FROM numbers(300000)', format: 'JSON' })).json()
  assert.equal(big.data.length, 300000)
})

test('parameters are bound by type', async () => {
  const at = new Date('2026-05-04T03:02:01.000Z')
  const [row] = await rows(
    millrace, 'SELECT {s:String} AS s, {n:Int64} AS n, {a:Array(String)} AS a, {m:Map(String, UInt8)} AS m, {t:DateTime64(3)} AS t, {z:Nullable(String)} AS z, {b:Bool} AS b, {i:Identifier} AS i FROM js LIMIT 1',
    { query_params: { s: "a'b\t\\n\n", n: -5, a: ["x'", '\\'], m: { k: 1 }, t: at, z: null, b: true, i: 'id' } })
  assert.deepEqual({ ...row, t: undefined, i: undefined }, { s: "a'b\t\\n\n", n: -5, a: ["x'", '\\'], m: { k: 1 }, t: undefined, z: null, b: true, i: undefined })
  assert.equal(row.t, '2026-05-04 03:02:01.000')
})

test('a stream of rows is read as it comes', async () => {
  const result = await packing.query({ query: 'SELECT number FROM numbers(500000)', format: 'JSONCompactEachRow' })
  let sum = 0
  for await (const chunk of result.stream()) for (const row of chunk) sum += Number(row.json()[0])
  assert.equal(sum, 124999750000)
})

test('settings and session identifiers are accepted', async () => {
  assert.equal((await rows(millrace, "SELECT getSetting('max_block_size') AS n", { clickhouse_settings: { max_block_size: '77' } }))[0].n, 77)
  const session = createClient({ url, username: 'millrace', password: secret, session_id: 'a-session' })
  await session.command({ query: 'CREATE TEMPORARY TABLE kept (n UInt8)' })
  await session.insert({ table: 'kept', values: [{ n: 9 }], format: 'JSONEachRow' })
  assert.deepEqual(await rows(session, 'SELECT n FROM kept'), [{ n: 9 }])
  await session.close()
  await assert.rejects(rows(millrace, 'SELECT n FROM kept'), { code: '60' })
})

test('errors have their code and type, early and late', async () => {
  await assert.rejects(rows(millrace, 'SELECT nope'), error => error instanceof ClickHouseError && error.code === '47' && error.type === 'UNKNOWN_IDENTIFIER')
  await assert.rejects(millrace.insert({ table: 'js', values: ['not json'], format: 'JSONEachRow' }), { code: /^(27|117)$/ })
  const late = await millrace.query({ query: 'SELECT number, throwIf(number = 3000000) AS t FROM numbers(4000000)', format: 'JSONEachRow' })
  await assert.rejects(async () => { for await (const chunk of late.stream()) void chunk }, { code: '395' })
})

test('a query is cancelled', async () => {
  const controller = new AbortController()
  const running = millrace.query({ query: 'SELECT /* js */ count() FROM numbers(1000000000000)', abort_signal: controller.signal })
  const running_now = async () => (await rows(millrace, "SELECT count() AS n FROM system.processes WHERE query LIKE '%/* js */%' AND query NOT LIKE '%system.processes%'"))[0].n
  while (await running_now() !== 1);
  controller.abort()
  await assert.rejects(running)
  while (await running_now() !== 0);
})

test('many queries at once', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => rows(millrace, 'SELECT {n:UInt32} * 2 AS d', { query_params: { n } })))
  assert.deepEqual(answers.map(([row]) => row.d), Array.from({ length: 20 }, (_, n) => n * 2))
})

test('a tenant counts its own events and reaches nothing else', async () => {
  assert.deepEqual(await rows(alice, 'SELECT tenant, count() AS n FROM events GROUP BY tenant'), [{ tenant: 'alice', n: 100 }])
  assert.deepEqual(await rows(alice, 'SELECT count() AS n FROM millrace.events WHERE id = {id:String}', { query_params: { id: 'alice-7' } }), [{ n: 1 }])
  assert.deepEqual((await rows(alice, 'SHOW TABLES')).map(row => row.name), ['events', 'rollup_1d', 'rollup_1h', 'rollup_1m'])
  await assert.rejects(rows(alice, 'SELECT * FROM default.js'), { code: '497' })
  await assert.rejects(alice.insert({ table: 'events', values: [{ id: 'x' }], format: 'JSONEachRow' }), { code: '497' })
  await assert.rejects(alice.command({ query: 'DROP TABLE events' }), { code: '497' })
})

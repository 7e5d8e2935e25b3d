// The published `centrifuge` client, unmodified, in one format over one transport, against a running gateway. While this runs, somebody puts the windows
// of stream "shop" onto the log, one second after the other: 1, 2, 3, … so that a gap or a repeat shows.
// usage: node conformance.mjs URL API_KEY json|protobuf websocket|http_stream|sse
import assert from "node:assert/strict";
import { createWay, fail, once, run, secondOf, textOf, tokenFrom, until } from "./support.mjs";

const [url, apiKey, format, transport] = process.argv.slice(2);
const server = new URL(url);
const channel = "tenant:acme:metrics:shop";
const { Centrifuge } = await import(format === "protobuf" ? "centrifuge/build/protobuf" : "centrifuge").then((m) => m.default ?? m);
const token = (body) => tokenFrom(server, apiKey, body);

async function connect(options = {}) {
  const way = await createWay(server, transport);
  const client = new Centrifuge(way.transports, { ...way.options, getToken: () => token(), minReconnectDelay: 50, maxReconnectDelay: 300, ...options });
  client.on("error", (context) => options.tolerant || context.error.code === 2 || context.error.code === 11 || fail(`error ${JSON.stringify(context)}`));
  return { client, way };
}

async function recoversWithoutGap() {
  const { client, way } = await connect();
  const subscription = client.newSubscription(channel);
  const subscribed = [];
  let last = 0;
  let publications = 0;
  subscription.on("subscribed", (context) => {
    subscribed.push(context);
    const snapshot = textOf(context.data);
    if (snapshot) last = Math.max(0, ...snapshot.data.windows.map(secondOf));
  });
  subscription.on("publication", (context) => {
    const data = textOf(context.data);
    assert.equal(data.type, "window");
    assert.equal(secondOf(data.data), last + 1, "a window was missed or came twice");
    last++;
    publications++;
  });
  subscription.subscribe();
  client.connect();
  await until(() => publications >= 10, "publications");
  assert.equal(subscribed.length, 1);
  assert.ok(subscribed[0].recoverable && subscribed[0].positioned);

  const before = last;
  way.cut();
  await until(() => client.state === "connecting", "the loss of the connection");
  way.mend();
  await until(() => subscribed.length === 2, "the subscription after the cut");
  assert.equal(subscribed[1].wasRecovering, true);
  assert.equal(subscribed[1].recovered, true);
  await until(() => last > before + 10, "publications after the cut");
  client.disconnect();
  way.close();
}

async function readsHistory() {
  const { client, way } = await connect();
  client.connect();
  const newest = await client.history(channel, { limit: 5, reverse: true });
  assert.equal(newest.publications.length, 5);
  const offsets = newest.publications.map((p) => p.offset);
  assert.deepEqual(offsets, offsets.toSorted((a, b) => b - a));
  const since = await client.history(channel, { limit: 2, since: { offset: offsets[4], epoch: newest.epoch } });
  assert.deepEqual(since.publications.map((p) => p.offset), [offsets[3], offsets[2]]);
  await assert.rejects(client.history(channel, { limit: 2, since: { offset: offsets[4], epoch: "another" } }), (error) => error.code === 112);
  client.disconnect();
  way.close();
}

async function isToldWhatItMayNot() {
  const { client, way } = await connect();
  client.connect();
  await assert.rejects(client.publish(channel, new TextEncoder().encode("{}")), (error) => error.code === 103);
  await assert.rejects(client.rpc("nothing", new TextEncoder().encode("{}")), (error) => error.code === 104);
  const other = client.newSubscription("tenant:other:metrics:shop");
  const unsubscribed = once(other, "unsubscribed");
  other.subscribe();
  assert.equal((await unsubscribed).code, 103);
  client.disconnect();
  way.close();
}

async function unsubscribesAndComesBack() {
  const { client, way } = await connect();
  const subscription = client.newSubscription(channel);
  for (let i = 0; i < 3; i++) {
    const subscribed = once(subscription, "subscribed");
    subscription.subscribe();
    if (i === 0) client.connect();
    await subscribed;
    await once(subscription, "publication");
    const unsubscribed = once(subscription, "unsubscribed");
    subscription.unsubscribe();
    await unsubscribed;
  }

  client.disconnect();
  way.close();
}

async function decodesDeltas() {
  const { client, way } = await connect();
  const subscription = client.newSubscription(channel, { delta: "fossil" });
  let last = 0;
  let publications = 0;
  subscription.on("subscribed", (context) => {
    const snapshot = textOf(context.data);
    if (snapshot) last = Math.max(0, ...snapshot.data.windows.map(secondOf));
  });
  subscription.on("publication", (context) => {
    const data = textOf(context.data);
    assert.equal(secondOf(data.data), last + 1, "a window was missed or came twice");
    last++;
    publications++;
  });
  subscription.subscribe();
  client.connect();
  await until(() => publications >= 10, "publications");
  way.cut();
  await until(() => client.state === "connecting", "the loss of the connection");
  const before = publications;
  way.mend();
  await until(() => publications > before + 10, "publications after the cut");
  const stats = subscription.deltaStats();
  assert.ok(stats.numDeltaPayloads > stats.numFullPayloads, JSON.stringify(stats));
  assert.ok(stats.numFullPayloads <= 3, JSON.stringify(stats));
  client.disconnect();
  way.close();
}

await run([recoversWithoutGap, decodesDeltas, readsHistory, isToldWhatItMayNot, unsubscribesAndComesBack]);

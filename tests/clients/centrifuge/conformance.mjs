// The published `centrifuge` client, unmodified, in one format over one transport, against a running gateway. While this runs, somebody puts the windows
// of stream "shop" onto the log, one second after the other: 1, 2, 3, … so that a gap or a repeat shows.
// usage: node conformance.mjs URL API_KEY json|protobuf websocket|http_stream|sse TOKEN_WITH_SUBS TOKEN_OF_FEW_CHANNELS SUBSCRIPTION_TOKEN
import assert from "node:assert/strict";
import { createWay, fail, once, run, secondOf, textOf, tokenFrom, until } from "./support.mjs";

const [url, apiKey, format, transport, tokenWithSubs, narrowToken, subscriptionToken] = process.argv.slice(2);
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

async function callsMethods() {
  const { client, way } = await connect();
  client.connect();
  const page = textOf((await client.rpc("metrics", format === "json" ? { stream: "shop", limit: 2 } : new TextEncoder().encode('{"stream":"shop","limit":2}'))).data);
  assert.equal(page.items.length, 2);
  client.disconnect();
  way.close();
}

async function refreshesItsToken() {
  let asked = 0;
  const { client, way } = await connect({
    getToken: () => {
      asked++;
      return token({ ttl_seconds: 2 });
    },
  });
  const connects = [];
  client.on("connected", (context) => connects.push(context));
  client.connect();
  await until(() => asked >= 3, "two refreshes");
  assert.equal(connects.length, 1, "the connection was not kept");
  client.disconnect();
  way.close();
}

async function hasServerSubscriptionsAndRecoversThem() {
  const { client, way } = await connect({ getToken: () => tokenWithSubs });
  const subscribed = [];
  const offsets = [];
  let publications = 0;
  client.on("subscribed", (context) => {
    assert.equal(context.channel, channel);
    subscribed.push(context);
  });
  client.on("publication", (context) => {
    assert.ok(!offsets.includes(context.offset), "it came twice");
    offsets.push(context.offset);
    publications++;
  });
  client.connect();
  await until(() => publications >= 5, "publications");
  way.cut();
  await until(() => client.state === "connecting", "the loss of the connection");
  way.mend();
  await until(() => subscribed.length === 2, "the subscription after the cut");
  assert.ok(subscribed[1].wasRecovering && subscribed[1].recovered);
  const then = publications;
  await until(() => publications >= then + 5, "publications after the cut");
  client.disconnect();
  way.close();
}

async function subscribesWithAToken() {
  const { client, way } = await connect({ getToken: () => narrowToken });
  const subscription = client.newSubscription(channel, { getToken: () => subscriptionToken });
  const subscribed = once(subscription, "subscribed");
  subscription.subscribe();
  client.connect();
  await subscribed;
  await once(subscription, "publication");
  client.disconnect();
  way.close();
}

async function order(method, body) {
  const answer = await fetch(new URL(`/api/${method}`, server), {
    method: "POST",
    headers: { "x-api-key": apiKey, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.equal((await answer.json()).error, undefined);
}

async function obeysTheServer() {
  const { client, way } = await connect({ getToken: () => token({ subject: "told" }), tolerant: true });
  const subscription = client.newSubscription(channel);
  const subscribed = once(subscription, "subscribed");
  subscription.subscribe();
  client.connect();
  await subscribed;
  const unsubscribed = once(subscription, "unsubscribed");
  await order("unsubscribe", { user: "told", channel });
  assert.equal((await unsubscribed).code, 2000);
  const disconnected = once(client, "disconnected");
  await order("disconnect", { user: "told" });
  assert.equal((await disconnected).code, 3503);
  way.close();
}

await run([callsMethods, refreshesItsToken, hasServerSubscriptionsAndRecoversThem, subscribesWithAToken, obeysTheServer, recoversWithoutGap, decodesDeltas, readsHistory, isToldWhatItMayNot, unsubscribesAndComesBack]);

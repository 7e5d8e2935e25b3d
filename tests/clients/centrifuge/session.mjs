// The published `centrifuge` client, unmodified, against a running gateway. While this runs, somebody puts the windows of stream "shop" onto the
// log, one second after the other: 1, 2, 3, … so that a gap or a repeat shows.
// usage: node session.mjs URL API_KEY EXPIRED_TOKEN
import assert from "node:assert/strict";
import { Centrifuge } from "centrifuge";
import WebSocket from "ws";
import { createWay, fail, once, secondOf, tokenFrom, until } from "./support.mjs";

const [url, apiKey, expired] = process.argv.slice(2);
const server = new URL(url);
const channel = "tenant:acme:metrics:shop";
const limit = setTimeout(() => fail("the script took too long"), 90_000);

const token = (body) => tokenFrom(server, apiKey, body);

async function recoversWithoutGap() {
  const way = await createWay(server, "websocket");
  const client = new Centrifuge(way.transports, { ...way.options, getToken: () => token(), minReconnectDelay: 100, maxReconnectDelay: 500 });
  const subscription = client.newSubscription(channel);
  const subscribed = [];
  let last = 0;
  let publications = 0;
  subscription.on("subscribed", (context) => {
    subscribed.push(context);
    if (context.data) last = Math.max(0, ...context.data.data.windows.map(secondOf));
  });
  subscription.on("publication", (context) => {
    assert.equal(context.data.type, "window");
    assert.equal(secondOf(context.data.data), last + 1, "a window was missed or came twice");
    last++;
    publications++;
  });
  subscription.subscribe();
  client.connect();
  await until(() => publications >= 10, "publications");
  assert.equal(subscribed.length, 1);
  assert.equal(subscribed[0].data.type, "snapshot");
  assert.ok(subscribed[0].recoverable && subscribed[0].positioned);

  const before = last;
  way.cut();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  way.mend();
  await until(() => subscribed.length === 2, "the subscription after the cut");
  assert.equal(subscribed[1].wasRecovering, true);
  assert.equal(subscribed[1].recovered, true);
  assert.equal(subscribed[1].hasRecoveredPublications, true);
  await until(() => last > before + 10, "publications after the cut");

  const history = await subscription.history({ limit: 5, reverse: true });
  assert.equal(history.publications.length, 5);
  await assert.rejects(subscription.publish({}), (error) => error.code === 103);
  await assert.rejects(client.rpc("nothing", {}), (error) => error.code === 104);
  client.disconnect();
  way.close();
}

async function refusesOtherTenant() {
  const client = new Centrifuge(`ws://${server.host}/connection/websocket`, { websocket: WebSocket, token: await token() });
  const subscription = client.newSubscription("tenant:other:metrics:shop");
  const unsubscribed = once(subscription, "unsubscribed");
  subscription.subscribe();
  client.connect();
  assert.equal((await unsubscribed).code, 103);
  client.disconnect();
}

async function refusesExpiredBeforeUpgrade() {
  const socket = new WebSocket(`ws://${server.host}/connection/websocket?access_token=${expired}`);
  const answer = await new Promise((resolve, reject) => {
    socket.on("unexpected-response", (_, response) => resolve(response));
    socket.on("open", () => reject(new Error("it was let in")));
    socket.on("error", () => {});
  });
  assert.equal(answer.statusCode, 401);
  socket.terminate();
}

async function replacesExpiredInCommand() {
  let asked = 0;
  const client = new Centrifuge(`ws://${server.host}/connection/websocket`, {
    websocket: WebSocket,
    token: expired,
    minReconnectDelay: 50,
    getToken: () => {
      asked++;
      return token();
    },
  });
  const error = once(client, "error");
  const connected = once(client, "connected");
  client.connect();
  assert.equal((await error).error.code, 109);
  await connected;
  assert.equal(asked, 1);
  client.disconnect();
}

async function wrongTokenIsTheEnd() {
  const client = new Centrifuge(`ws://${server.host}/connection/websocket`, { websocket: WebSocket, token: "nonsense" });
  const disconnected = once(client, "disconnected");
  client.connect();
  assert.equal((await disconnected).code, 3500);
}

async function refreshesBeforeExpiry() {
  let asked = 0;
  const client = new Centrifuge(`ws://${server.host}/connection/websocket`, {
    websocket: WebSocket,
    getToken: () => {
      asked++;
      return token({ ttl_seconds: 2 });
    },
  });
  const connects = [];
  client.on("connected", (context) => connects.push(context));
  const subscription = client.newSubscription(channel);
  let publications = 0;
  subscription.on("publication", () => publications++);
  subscription.subscribe();
  client.connect();
  await until(() => asked >= 4, "three refreshes");
  const then = publications;
  await until(() => publications > then, "publications after the refreshes");
  assert.equal(connects.length, 1, "the connection was not kept");
  client.disconnect();
}

for (const part of [refusesExpiredBeforeUpgrade, refusesOtherTenant, wrongTokenIsTheEnd, replacesExpiredInCommand, recoversWithoutGap, refreshesBeforeExpiry]) {
  try {
    await part();
    console.log(`ok ${part.name}`);
  } catch (error) {
    fail(`${part.name}: ${error.stack ?? error}`);
  }
}
clearTimeout(limit);
process.exit(0);

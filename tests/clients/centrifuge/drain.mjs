// The published `centrifuge` client, unmodified, while its gateway is stopped: it is told to come back (3001), finds another one, and misses nothing.
// usage: node drain.mjs URL API_KEY URL_OF_ANOTHER
import assert from "node:assert/strict";
import { Centrifuge } from "centrifuge";
import { createWay, run, secondOf, tokenFrom, until } from "./support.mjs";

const [url, apiKey, other] = process.argv.slice(2);
const server = new URL(url);

async function comesBackToAnother() {
  const way = await createWay(server, "websocket");
  const client = new Centrifuge(way.transports, { ...way.options, getToken: () => tokenFrom(new URL(other), apiKey), minReconnectDelay: 50, maxReconnectDelay: 300 });
  const subscription = client.newSubscription("tenant:acme:metrics:shop");
  const subscribed = [];
  const left = [];
  let last = 0;
  subscription.on("subscribed", (context) => {
    subscribed.push(context);
    if (context.data) last = Math.max(0, ...context.data.data.windows.map(secondOf));
  });
  subscription.on("publication", (context) => {
    assert.equal(secondOf(context.data.data), last + 1, "a window was missed or came twice");
    last++;
  });
  client.on("connecting", (context) => left.push(context.code));
  subscription.subscribe();
  client.connect();
  await until(() => last >= 5, "publications");
  way.turnTo(new URL(other));
  console.log("ready");
  await until(() => subscribed.length === 2, "the subscription with the other one");
  assert.ok(left.includes(3001), `left with ${left}`);
  assert.ok(subscribed[1].recovered);
  const then = last;
  await until(() => last > then + 5, "publications of the other one");
  client.disconnect();
  way.close();
}

await run([comesBackToAnother]);

// What the scripts that drive the published client have in common.
import assert from "node:assert/strict";
import net from "node:net";
import { EventSource } from "eventsource";
import WebSocket from "ws";

export function fail(reason) {
  console.error(reason);
  process.exit(1);
}

/** A short token by the API key. */
export async function tokenFrom(server, apiKey, body = {}) {
  const answer = await fetch(new URL("/api/v1/tokens", server), {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ ttl_seconds: 60, ...body }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).token;
}

export const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

export async function until(condition, what) {
  const end = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > end) fail(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The document, which the client leaves as bytes in Protobuf (none: no bytes). */
export const textOf = (data) => (!data?.length && data instanceof Uint8Array ? null : data instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(data)) : data);

export const secondOf = (window) => (Date.parse(window.window_start) - Date.parse("2026-01-01T00:00:00Z")) / 1000;

/** A way to the server that can be cut and mended, for one transport. */
export async function createWay(server, transport) {
  const sockets = new Set();
  let open = true;
  let target = server;
  const listener = net.createServer((client) => {
    if (!open) return client.destroy();
    const upstream = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${listener.address().port}`;
  const endpoint = transport === "websocket" ? `ws://${host}/connection/websocket` : `http://${host}/connection/${transport}`;
  return {
    host,
    transports: [{ transport, endpoint }],
    options: { websocket: WebSocket, eventsource: EventSource, fetch, readableStream: ReadableStream, emulationEndpoint: `http://${host}/emulation` },
    cut() {
      open = false;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      open = true;
    },
    /** From now on connections go there. */
    turnTo(other) {
      target = other;
    },
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Runs the parts one after the other; the process ends with what came of them. */
export async function run(parts) {
  const limit = setTimeout(() => fail("the script took too long"), 90_000);
  for (const part of parts) {
    try {
      await part();
      console.log(`ok ${part.name}`);
    } catch (error) {
      fail(`${part.name}: ${error.stack ?? error}`);
    }
  }
  clearTimeout(limit);
  process.exit(0);
}

import { Centrifuge, type Subscription } from "centrifuge";
import { signal } from "@preact/signals";
import { mergeAlert } from "./model/alerts";
import type { AlertData, EventData, Publication } from "./model/types";
import { Windows } from "./model/windows";
import { api, session, socketToken } from "./session";

export type Connection = "connecting" | "connected" | "disconnected";

const feedLength = 2_000;

export const connection = signal<Connection>("disconnected");
export const streams = signal<string[]>([]);
export const stream = signal<string>("");
/** Replaced as a whole when the stream changes; `windowsVersion` tells of changes inside. */
export const windows = signal(new Windows());
export const windowsVersion = signal(0);
export const events = signal<EventData[]>([]);
export const alerts = signal<AlertData[]>([]);
/** Set while the server sends less than everything, with its reason. */
export const degraded = signal<string>("");
/** When the last message came, browser clock. */
export const lastMessageAt = signal(0);

let client: Centrifuge | null = null;
let subscriptions: Subscription[] = [];
let pendingEvents: EventData[] = [];

function take(publication: Publication): void {
  lastMessageAt.value = Date.now();
  switch (publication.type) {
    case "window":
      if (windows.value.apply(publication.data)) windowsVersion.value++;
      break;
    case "event":
      degraded.value = publication.sample_rate && publication.sample_rate < 1 ? `feed sampled at ${(publication.sample_rate * 100).toFixed(0)} %` : "";
      pendingEvents.push(publication.data);
      if (pendingEvents.length === 1) requestAnimationFrame(flushEvents);
      break;
    case "alert":
      alerts.value = mergeAlert(alerts.value, publication.data);
      break;
    case "degraded":
      degraded.value = publication.data.reason ?? "the server sends fewer updates";
      break;
    case "snapshot":
      for (const window of publication.data.windows ?? []) windows.value.apply(window);
      for (const alert of publication.data.alerts ?? []) alerts.value = mergeAlert(alerts.value, alert);
      if (publication.data.events) events.value = publication.data.events.toReversed().slice(0, feedLength);
      windowsVersion.value++;
      break;
  }
}

function flushEvents(): void {
  const fresh = pendingEvents.reverse();
  pendingEvents = [];
  events.value = fresh.concat(events.value).slice(0, feedLength);
}

function subscribe(channel: string): Subscription {
  const subscription = client!.newSubscription(channel);
  subscription.on("publication", (context) => take(context.data as Publication));
  subscription.on("subscribed", (context) => {
    if (context.data) take(context.data as Publication);
  });
  subscription.subscribe();
  return subscription;
}

/** Shows another stream. */
export function select(name: string): void {
  if (!client || !session.value) return;
  stream.value = name;
  windows.value = new Windows();
  events.value = [];
  degraded.value = "";
  for (const old of subscriptions.splice(0)) {
    old.unsubscribe();
    old.removeAllListeners();
    client.removeSubscription(old);
  }
  const tenant = session.value.tenant;
  subscriptions = [subscribe(`tenant:${tenant}:metrics:${name}`), subscribe(`tenant:${tenant}:events:${name}`)];
}

async function findStreams(): Promise<void> {
  const answer = await api<{ items: { stream: string }[] }>("/api/v1/streams");
  streams.value = answer.items.map((item) => item.stream).sort();
  const first = streams.value.includes("shop") ? "shop" : streams.value[0];
  if (!stream.value && first) select(first);
}

/** Opens the socket for the session and keeps it open over restarts of the server. */
export function open(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  client = new Centrifuge(`${scheme}://${location.host}/connection/websocket`, { getToken: socketToken, minReconnectDelay: 300, maxReconnectDelay: 5_000 });
  client.on("connecting", () => (connection.value = "connecting"));
  client.on("connected", () => {
    connection.value = "connected";
    lastMessageAt.value = Date.now();
  });
  client.on("disconnected", () => (connection.value = "disconnected"));
  client.connect();
  subscribe(`tenant:${session.value!.tenant}:alerts`);
  const look = () => findStreams().catch(() => (connection.value = client?.state === "connected" ? "connected" : "connecting"));
  void look();
  const timer = setInterval(look, 5_000);
  client.on("disconnected", () => clearInterval(timer));
}

/** Ends everything of the session. */
export function close(): void {
  client?.disconnect();
  client = null;
  subscriptions = [];
  stream.value = "";
  streams.value = [];
  alerts.value = [];
  events.value = [];
  windows.value = new Windows();
}

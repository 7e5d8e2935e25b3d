import { signal } from "@preact/signals";

/** Start of the last second that is over and had time to arrive; moves once a second and drives tiles and charts. */
export const shownSecond = signal(0);
export const now = signal(Date.now());

const settleMs = 400;

function tick(): void {
  now.value = Date.now();
  shownSecond.value = Math.floor((now.value - settleMs) / 1_000) * 1_000 - 1_000;
}

tick();
setInterval(tick, 200);

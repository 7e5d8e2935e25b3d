// usage: node dashboard.mjs URL KEY STREAM
// Signs in, posts events, and checks as a person would that tile, feed and connection show them. Prints "ok" or fails.
import assert from "node:assert/strict";
import { withPage } from "./browser.mjs";

const [url, key, stream] = process.argv.slice(2);

async function post(lines) {
  const answer = await fetch(`${url}/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/x-ndjson" },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  assert.equal(answer.status, 202, await answer.text());
}

const event = (values) => ({ stream, type: "purchase", dims: { country: "DE" }, values });

await withPage(async (page) => {
  await post([event({ amount: 1 })]);
  await page.goto(url);
  await page.getByLabel("API key or token").fill("mk_wrong_0000000000000000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();

  await page.getByLabel("API key or token").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator('[data-testid="connection"][data-state="connected"]').waitFor();
  await page.locator(`[data-testid="stream"] option[value="${stream}"]`).waitFor({ state: "attached" });
  await page.getByTestId("stream").selectOption(stream);

  // Tiles show the last full second: keep a steady stream going and wait until the tile says so.
  const tile = page.getByTestId("tile-purchase.count").getByTestId("value");
  let sending = true;
  const feed = (async () => {
    while (sending) {
      await post(Array.from({ length: 5 }, () => event({ amount: 12.5 })));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  try {
    await page.waitForFunction((element) => Number.parseFloat(element?.textContent ?? "0") >= 5, await tile.elementHandle(), { timeout: 20_000 });
    await page.getByTestId("event").first().waitFor();
    await page.locator('[data-testid="chart"] canvas').waitFor();
    if (process.env.MILLRACE_SCREENSHOT) await page.screenshot({ path: process.env.MILLRACE_SCREENSHOT });
  } finally {
    sending = false;
    await feed;
  }

  await page.waitForFunction((element) => Number.parseFloat(element?.textContent ?? "1") === 0, await tile.elementHandle(), { timeout: 20_000 });
});
console.log("ok");

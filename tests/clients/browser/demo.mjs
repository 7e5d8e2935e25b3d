// usage: node demo.mjs URL-WITH-KEY [SCREENSHOT-PREFIX]
// Opens what `./millrace up --demo` prints and checks what a newcomer should see: tiles that move, a feed, an alert that fires and is acknowledged.
import assert from "node:assert/strict";
import { withPage } from "./browser.mjs";

const [url, prefix] = process.argv.slice(2);
const shoot = (page, name) => (prefix ? page.screenshot({ path: `${prefix}-${name}.png` }) : undefined);

await withPage(async (page) => {
  await page.goto(url);
  await page.locator('[data-testid="connection"][data-state="connected"]').waitFor();
  const tile = page.getByTestId("tile-total").getByTestId("value");
  const first = await tile.textContent();
  await page.waitForFunction(([element, old]) => element.textContent !== old, [await tile.elementHandle(), first], { timeout: 20_000 });
  await page.getByTestId("event").nth(5).waitFor();

  const alert = page.locator('[data-testid="alert"][data-state="firing"]').first();
  await alert.waitFor({ timeout: 90_000 });
  await shoot(page, "firing");
  await alert.getByRole("button", { name: "Acknowledge" }).click();
  await page.locator('[data-testid="alert"][data-acknowledged="true"]').first().waitFor();
  await shoot(page, "acknowledged");
  assert.equal(await page.evaluate(() => location.hash), "");
});
if (prefix) {
  await withPage(async (page) => {
    await page.goto(url);
    await page.getByTestId("event").nth(5).waitFor();
    await shoot(page, "dark");
  }, { colorScheme: "dark" });
}
console.log("ok");

// Opens the page in headless Chromium, with the flags that a container needs and nothing that calls out.
import { chromium } from "playwright-core";

export async function withPage(run, options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.MILLRACE_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    const result = await run(page);
    if (errors.length > 0) throw new Error(`errors on the page: ${errors.join("; ")}`);
    return result;
  } finally {
    await browser.close();
  }
}

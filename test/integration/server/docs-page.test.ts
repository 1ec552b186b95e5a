import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Browser, findBrowser, startBrowser } from "../../support/browser.ts";
import { type Running, startRunning } from "./running.ts";

const program = findBrowser();
if (program === null) {
  process.stderr.write("/docs is not opened in a browser: no chromium, and no CHROMIUM is set.\n");
}

describe.skipIf(program === null)("/docs in a browser", { timeout: 120_000 }, () => {
  let browser: Browser;
  let running: Running;
  let origin: string;

  beforeAll(async () => {
    running = await startRunning();
    const { host, port } = running.daemon.address() as { host: string; port: number };
    origin = `http://${host}:${port}`;
    browser = await startBrowser(program ?? "");
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await running.close();
  });

  test("shows every operation, asks nobody but the daemon, and meets no policy", async () => {
    const page = await browser.open({ url: `${origin}/docs`, width: 1200, dark: false });
    const shown = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll(".opblock")].map((block) =>
           block.querySelector(".opblock-summary-method").textContent + " " +
           block.querySelector(".opblock-summary-path").dataset.path)`,
      );
    const { body } = await running.send("GET", "/openapi.json");
    const { paths } = body as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    await vi.waitFor(
      async () => expect((await shown()).toSorted()).toEqual(described.toSorted()),
      20_000,
    );
    const asked = page.requests.filter((address) => !address.startsWith("data:"));
    expect(asked.filter((address) => !address.startsWith(`${origin}/`))).toEqual([]);
    expect(page.complaints).toEqual([]);
  });

  test("sends a request from the page, and shows the answer", async () => {
    const page = await browser.open({ url: `${origin}/docs`, width: 1200, dark: false });
    const path = '.opblock-summary-path[data-path="/health/live"]';
    const press = async (selector: string) => {
      const found = `document.querySelector(${JSON.stringify(path)})?.closest(".opblock").querySelector("${selector}")`;
      await vi.waitFor(async () => {
        const pressed = await page.evaluate(`(() => {
          const found = ${found};
          found?.click();
          return found !== null && found !== undefined;
        })()`);
        expect(pressed, selector).toBe(true);
      }, 20_000);
    };
    for (const one of [".opblock-summary-control", ".try-out__btn", ".execute"]) await press(one);
    await vi.waitFor(async () => {
      const answer = await page.evaluate<string>(
        `document.querySelector(".live-responses-table tbody .response-col_status")?.textContent ?? ""`,
      );
      expect(answer).toContain("200");
    }, 20_000);
    expect(page.complaints).toEqual([]);
  });
});

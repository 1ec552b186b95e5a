import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeReport } from "../../../src/bench/report/formats.ts";
import { type Browser, findBrowser, startBrowser } from "../../support/browser.ts";
import { sampleReport } from "../../unit/bench/report/sample-report.ts";

const program = findBrowser();
if (program === null) {
  process.stderr.write(
    "The report is not opened in a browser: no chromium, and no CHROMIUM is set.\n",
  );
}

describe.skipIf(program === null)("the report in a browser", { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "studio-page-"));
    const file = join(folder, "report.html");
    writeFileSync(file, writeReport(sampleReport(), "html"));
    url = pathToFileURL(file).href;
    browser = await startBrowser(program ?? "");
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  test("draws its charts and asks for nothing but itself", async () => {
    const page = await browser.open({ url, width: 1200, dark: false });
    const drawn = await page.evaluate<number[]>(
      `[...document.querySelectorAll("figure > svg")].map((chart) =>
         [...chart.querySelectorAll("path[class^=line]")].filter((path) => path.getTotalLength() > 50).length)`,
    );
    expect(drawn).toEqual([3, 2, 2, 1]);
    expect(page.requests.filter((address) => !address.startsWith("data:"))).toEqual([url]);
  });

  test("can be read on a telephone: nothing is cut off, and no text is smaller than 9 px", async () => {
    const page = await browser.open({ url, width: 360, dark: false });
    const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(wide).toBeLessThanOrEqual(360);
    const smallest = await page.evaluate<number>(
      `Math.min(...[...document.querySelectorAll("figure > svg")].map((chart) =>
         12 * chart.getBoundingClientRect().width / chart.viewBox.baseVal.width))`,
    );
    expect(smallest).toBeGreaterThanOrEqual(9);
  });

  test("follows the dark, with lines and letters that stand out", async () => {
    const lightness = (selector: string, property: string) =>
      `(() => { const style = getComputedStyle(document.querySelector("${selector}"));
         const [red, green, blue] = style.${property}.match(/[0-9.]+/g).map(Number);
         return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255; })()`;
    for (const dark of [false, true]) {
      const page = await browser.open({ url, width: 800, dark });
      const back = await page.evaluate<number>(lightness("body", "backgroundColor"));
      expect(back < 0.2).toBe(dark);
      for (const [selector, property] of [
        ["body", "color"],
        ["figure path.line-1", "stroke"],
        ["figure svg text", "fill"],
      ] as const) {
        const front = await page.evaluate<number>(lightness(selector, property));
        expect(Math.abs(front - back), `${selector}, dark: ${dark}`).toBeGreaterThan(0.25);
      }
    }
  });
});

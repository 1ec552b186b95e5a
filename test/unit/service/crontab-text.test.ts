import * as fc from "fast-check";
import { expect, test } from "vitest";
import { addBlock, crontabBlock, removeBlock } from "../../../src/service/crontab-text.ts";
import type { Service } from "../../../src/service/service.ts";

const service: Service = {
  project: "shop",
  environment: "production",
  directory: "/srv/it's 100%",
  configFile: "/srv/it's 100%/studio.yaml",
  node: "/usr/bin/node",
  program: "/opt/studio/bin/studio.js",
};
const other = { ...service, environment: "staging" };

/** Crontabs as they are: whole lines of anything, markers of another service among them. */
const crontab = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }).filter((line) => !line.includes("\n")),
      fc.constantFrom("", "# comment", "0 2 * * * backup\r", crontabBlock(other).trimEnd()),
    ),
  )
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

test("every byte outside of the block is kept", () => {
  fc.assert(
    fc.property(crontab, crontab, (before, after) => {
      const text = before + crontabBlock({ ...service, node: "/old/node" }) + after;
      expect(addBlock(text, service)).toBe(before + crontabBlock(service) + after);
      expect(removeBlock(text, service)).toBe(before + after);
    }),
  );
});

test("adding and removing gives the crontab as it was, and adding twice adds once", () => {
  fc.assert(
    fc.property(crontab, (text) => {
      const once = addBlock(text, service);
      expect(addBlock(once, service)).toBe(once);
      expect(removeBlock(once, service)).toBe(text);
    }),
  );
});

test("a last line without a line break gets one", () => {
  expect(addBlock("0 2 * * * x", service)).toBe(`0 2 * * * x\n${crontabBlock(service)}`);
});

test("quotes and percent signs reach the shell as they are", () => {
  expect(crontabBlock(service).split("\n")[1]).toBe(
    String.raw`@reboot cd '/srv/it'\''s 100\%' && '/usr/bin/node' '/opt/studio/bin/studio.js' 'up' '--env' 'production'`,
  );
});

test("markers that are no pair are refused", () => {
  const [start = "", , end = ""] = crontabBlock(service).split("\n");
  for (const text of [`${start}\n`, `${end}\n`, `${end}\n${start}\n`]) {
    expect(() => addBlock(text, service)).toThrow("are not one pair");
    expect(() => removeBlock(text, service)).toThrow("are not one pair");
  }
  const twice = crontabBlock(service).repeat(2);
  expect(() => removeBlock(twice, service)).toThrow("are not one pair");
});

test("a daemon is started in the background, behind what starts it again", () => {
  const text = crontabBlock(service, { kind: "daemon", shutdown: 60_000 });
  expect(text).toContain("'serve' '--detach' '--env' 'production'");
});

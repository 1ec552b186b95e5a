import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  blockText,
  findBlock,
  withBlock,
  withoutBlock,
} from "../../../src/schedule/backends/crontab-block.ts";

const id = "shop/production/0123abcd";
const lines = "0 2 * * * 'studio' 'schedule' 'exec' 'database'\n";
const edited = blockText(id, lines).replace("0 2", "0 3");

/** Each character is a byte: any junk, carriage returns, blocks of others, with or without an end. */
const line = fc.oneof(
  fc
    .array(fc.integer({ min: 0, max: 255 }).filter((byte) => byte !== 10))
    .map((bytes) => String.fromCharCode(...bytes)),
  fc.constantFrom(
    "",
    "MAILTO=ada",
    "0 2 * * * backup\r",
    "# BEGIN other",
    blockText("shop/production/ffffffff", lines).trimEnd(),
    blockText("shop/staging/0123abcd", lines).trimEnd(),
  ),
);
const crontab = fc
  .tuple(fc.array(line), fc.boolean())
  .map(([all, ended]) => all.join("\n") + (ended && all.length > 0 ? "\n" : ""));
const whole = fc.array(line).map((all) => all.map((one) => `${one}\n`).join(""));

test("installing and uninstalling leaves every byte, and installing twice changes nothing", () => {
  fc.assert(
    fc.property(crontab, (text) => {
      const once = withBlock(text, id, lines, false);
      expect(once.startsWith(text)).toBe(true);
      expect(withBlock(once, id, lines, false)).toBe(once);
      expect(withBlock(once, id, lines, true)).toBe(once);
      expect(withoutBlock(once, id, false)).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test("a block is brought up to date in its place, whatever stands around it", () => {
  fc.assert(
    fc.property(whole, crontab, (before, after) => {
      const text = before + blockText(id, "1 1 * * * old\n") + after;
      expect(withBlock(text, id, lines, false)).toBe(before + blockText(id, lines) + after);
      expect(withoutBlock(text, id, false)).toBe(before + after);
    }),
    { numRuns: 300 },
  );
});

test("force takes damaged blocks and loose marks away, and nothing else", () => {
  const [begin = "", , end = ""] = blockText(id, lines).split("\n");
  const damage = fc.constantFrom(edited, `${begin}\n`, `${end}\n`, blockText(id, lines).repeat(2));
  fc.assert(
    fc.property(whole, damage, crontab, (before, damaged, after) => {
      expect(withoutBlock(before + damaged + after, id, true)).toBe(before + after);
    }),
    { numRuns: 300 },
  );
});

describe("without force is refused", () => {
  const [begin = "", , end = ""] = blockText(id, lines).split("\n");

  test.each([
    ["an edited block", edited, "somebody edited it"],
    ["a block with other line ends", blockText(id, lines).replaceAll("\n", "\r\n"), "edited it"],
    ["two blocks", blockText(id, lines).repeat(2), "not one pair"],
    ["a block in a block", `${begin}\n${blockText(id, lines)}${end}\n`, "not one pair"],
    ["a beginning alone", `${begin}\n${lines}`, "not one pair"],
    ["an end alone", `${end}\n`, "not one pair"],
  ])("%s", (_name, text, why) => {
    expect(() => withBlock(text, id, lines, false)).toThrow(why);
    expect(() => withoutBlock(text, id, false)).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(findBlock(withBlock(text, id, lines, true), id)?.intact).toBe(true);
  });
});

test("a line that was written behind the block keeps the line break that came with it", () => {
  const text = `${withBlock("0 1 * * * own", id, lines, false)}0 5 * * * later\n`;
  expect(withoutBlock(text, id, false)).toBe("0 1 * * * own\n0 5 * * * later\n");
});

import { describe, expect, test } from "vitest";
import { advanceText, createAdvance } from "../../../src/format/advance.ts";

describe("what is told of a long action", () => {
  test("has its rate and the time left once a second has gone by", () => {
    const advance = { bytes: 1_000_000_000, totalBytes: 4_000_000_000 };
    expect(advanceText(advance, 500)).toBe("1.00 GB of 4.00 GB");
    expect(advanceText(advance, 10_000)).toBe("1.00 GB of 4.00 GB, 100 MB/s, 30 s left");
  });

  test("guesses nothing where the end is not known, or reached", () => {
    expect(advanceText({ bytes: 5_000_000, totalBytes: null }, 5000)).toBe("5.00 MB, 1.00 MB/s");
    const done = { bytes: 2000, totalBytes: 2000 };
    expect(advanceText(done, 4000)).toBe("2.00 kB of 2.00 kB, 500 bytes/s");
  });

  test("comes at most five times a second", () => {
    let now = 0;
    const told: string[] = [];
    const advance = createAdvance(
      (text) => told.push(text),
      () => now,
    );
    for (; now < 1000; now += 10) advance({ bytes: now, totalBytes: null });
    expect(told).toHaveLength(5);
  });
});

import { expect, test } from "vitest";
import { homeOfCopy } from "../../../src/remote/host/home.ts";

test("a copy to look at is known by where it lies, and anything else is its own home", () => {
  const home = "/home/deploy/studio/shop-production";
  expect(homeOfCopy(`${home}/.studio/remote/copies/20261122T123839Z-va77`)).toBe(home);
  for (const other of [home, "/", `${home}/.studio/remote/copies`, "/srv/copies/shop"]) {
    expect(homeOfCopy(other)).toBe(other);
  }
});

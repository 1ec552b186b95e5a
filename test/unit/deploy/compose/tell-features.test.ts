import { expect, test } from "vitest";
import { isDefinition, hashDefinition } from "../../../../src/deploy/targets/compose/definition.ts";
import { definitionHash } from "../../../../src/deploy/targets/compose/render.ts";
import type { StackConfig } from "../../../../src/deploy/targets/compose/stack-config.ts";
import { tellFeatures } from "../../../../src/deploy/targets/compose/tell-features.ts";

const config: StackConfig = {
  name: "shop",
  services: { api: { environment: { PRICE: "1" } }, web: {}, db: { image: "postgres:17" } },
};

const services = [
  { name: "api", role: "switched" },
  { name: "web", role: "switched" },
  { name: "db", role: "stateful" },
] as const;

test("what a deploy replaces is told each flag, and what stays is not", () => {
  const told = tellFeatures(config, services, { vectorSearch: true, "old-ui": false });
  const flags = { STUDIO_FEATURE_VECTOR_SEARCH: "true", STUDIO_FEATURE_OLD_UI: "false" };
  expect(told.services["api"]?.environment).toEqual({ PRICE: "1", ...flags });
  expect(told.services["web"]?.environment).toEqual(flags);
  expect(told.services["db"]).toEqual(config.services["db"]);
});

test("a flag that changes makes another release, and starts no database anew", () => {
  const on = tellFeatures(config, services, { fast: true });
  const off = tellFeatures(config, services, { fast: false });
  expect(isDefinition(off, hashDefinition(on))).toBe(false);
  const [before, after] = [on, off].map((one) =>
    definitionHash(one.services["db"] ?? {}, new Set(["api", "web"])),
  );
  expect(after).toBe(before);
});

test("a stack without flags is what it was before", () => {
  expect(tellFeatures(config, services, {})).toBe(config);
});

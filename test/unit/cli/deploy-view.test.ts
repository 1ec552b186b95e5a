import { expect, test } from "vitest";
import { planBlocks, volumeLines } from "../../../src/cli/deploy-view.ts";
import type { DeployPlanView } from "../../../src/deploy/preview-deploy.ts";

const plan: DeployPlanView = {
  release: "r2",
  previous: "r1",
  code: "shop: api (switched)",
  models: [],
  remarks: [],
  migrations: [],
  schemaHead: null,
  backup: "none (--skip-backup)",
  traffic: "nginx is reloaded",
  streams: null,
  url: "http://127.0.0.1",
  steps: [],
};

test("a plan says how long what is open is waited for, and what would be cut", () => {
  const services = [
    { name: "api", open: 2 },
    { name: "chat", open: 1 },
    { name: "web", open: 0 },
  ];
  const text = JSON.stringify(planBlocks({ ...plan, streams: { patience: 90_000, services } }));
  expect(text).toContain(
    "api: waited for 1 min 30 s at most; 2 connections are open now, and are cut",
  );
  expect(text).toContain(
    "chat: waited for 1 min 30 s at most; 1 connection is open now, and is cut",
  );
  expect(text).toContain("web: waited for 1 min 30 s at most; no connection is open now");
});

test("a plan says nothing of streams that nobody can count", () => {
  expect(JSON.stringify(planBlocks(plan))).not.toContain("open streams");
});

const own = [{ name: "shop_rows", services: ["db"], size: "12.3MB" }];

test.each([
  [{ id: "b1", created: "2026-11-20" }, null, "read back is b1, of 2026-11-20."],
  [null, null, "There is no backup of the database that was read back."],
  [null, "no key", "is not known: no key"],
])("who loses volumes is told which, and what there is to go back to", (backup, unread, said) => {
  const lines = volumeLines({ own, remarks: ["x stays."], backup, backupUnread: unread });
  expect(lines.slice(0, 2)).toEqual([
    "shop_rows (db, 12.3MB) is removed, with all that it holds",
    "x stays.",
  ]);
  expect(lines[2]).toContain("This cannot be undone. ");
  expect(lines[2]).toContain(said);
});

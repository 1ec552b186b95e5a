import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createProject, quickSettings } from "../support/studio.ts";

const token = "planted-token-0718293a4b5c";
const lines = ["planted-first-line-0718293a", "planted-second-line-18293a4b"];

test("what a hook writes of its secrets, and then fails, is in no output and not in the journal", async () => {
  const hook = `'echo $HOOK_TOKEN "$TLS_KEY" >&2; false'`;
  const project = await createProject(`${quickSettings}  hooks: { before: [${hook}] }\n`);
  onTestFinished(() => project.remove(), 60_000);
  const secrets = { HOOK_TOKEN: token, TLS_KEY: lines.join("\n") };

  const failed = await project.studio(["deploy", "--json"], secrets);
  expect(failed.exitCode, failed.stderr).toBe(5);
  // Who looks later knows none of them.
  const history = await project.studio(["history", "latest", "--json"]);

  const told = { log: ["(secret) (secret)", "(secret)"] };
  expect(JSON.parse(history.stdout).result[0].steps).toContainEqual(
    expect.objectContaining({
      event: "failed",
      data: expect.objectContaining({ code: "hook.failed", details: told }),
    }),
  );
  const state = join(project.directory, ".studio");
  const ledger = readdirSync(state).filter((name) => name.startsWith("state.db"));
  const kept = ledger.map((name) => readFileSync(join(state, name), "latin1")).join("");
  const written = failed.stdout + failed.stderr + history.stdout + kept;
  for (const secret of [token, ...lines]) expect(written).not.toContain(secret);
}, 120_000);

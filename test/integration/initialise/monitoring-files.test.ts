import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findProgram } from "../../support/programs.ts";
import { renderStack } from "../../support/stack.ts";

const { folder, remove } = renderStack();
afterAll(remove);
const prometheus = join(folder, "stack/prometheus");
const rules = readdirSync(join(prometheus, "rules")).map((file) => join("rules", file));

const promtool = findProgram("promtool", "Prometheus's files");
const amtool = findProgram("amtool", "Alertmanager's file");

function run(program: string | null, argv: string[], cwd = prometheus) {
  const { status, stdout, stderr } = spawnSync(program ?? "", argv, { cwd, encoding: "utf8" });
  return { status, stdout, output: stdout + stderr };
}

describe.skipIf(promtool === null)("Prometheus", () => {
  test("takes its configuration, with the token where it is mounted", () => {
    const file = join(prometheus, "prometheus.yml");
    const text = readFileSync(file, "utf8").replaceAll(
      "/run/secrets",
      join(folder, ".studio/secrets/production"),
    );
    writeFileSync(join(prometheus, "here.yml"), text);
    const { status, output } = run(promtool, ["check", "config", "here.yml"]);
    expect(output).toContain("SUCCESS");
    expect(status, output).toBe(0);
  });

  test("takes its rules", () => {
    expect(rules.length).toBe(5);
    const { status, output } = run(promtool, ["check", "rules", ...rules]);
    expect(status, output).toBe(0);
  });

  test("alerts when it should, and only then", () => {
    const tests = join(import.meta.dirname, "../../fixtures/alerts");
    cpSync(tests, prometheus, { recursive: true });
    const files = readdirSync(tests);
    expect(files.length).toBeGreaterThan(3);
    const { status, output } = run(promtool, ["test", "rules", ...files]);
    expect(status, output).toBe(0);
  });
});

describe.skipIf(amtool === null)("Alertmanager", () => {
  const file = join(folder, "stack/alertmanager/alertmanager.yml");

  test("takes its configuration", () => {
    const { status, output } = run(amtool, ["check-config", file]);
    expect(status, output).toBe(0);
  });

  test.each([
    ["pager", ["alertname=ApiDown", "severity=critical"]],
    ["operators", ["alertname=ApiSlow", "severity=warning"]],
    ["watchdog", ["alertname=Watchdog", "severity=none"]],
    ["operators", ["alertname=SomethingElse"]],
  ])("sends to the %s what has %j", (receiver, labels) => {
    const { stdout } = run(amtool, [
      "config",
      "routes",
      "test",
      `--config.file=${file}`,
      ...labels,
    ]);
    expect(stdout.trim()).toBe(receiver);
  });
});

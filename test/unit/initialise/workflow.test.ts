import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { registry } from "../../../commands/registry.ts";
import type { Command } from "../../../src/cli/command.ts";
import { matchWords } from "../../../src/cli/registry.ts";
import { planWorkflow } from "../../../src/initialise/starting-files.ts";
import { templates } from "../../support/stack.ts";

interface Step {
  id?: string;
  name?: string;
  uses?: string;
  run?: string;
  if?: string;
  env?: Record<string, string>;
  with?: Record<string, unknown>;
}

interface Job {
  if?: string;
  needs?: string | string[];
  permissions?: Record<string, string>;
  "timeout-minutes"?: number;
  environment?: string | { name: string };
  concurrency?: { group: string; "cancel-in-progress": boolean };
  env?: Record<string, string>;
  steps: Step[];
}

interface Workflow {
  on: Record<string, { branches?: string[] }>;
  permissions: object;
  concurrency: { group: string };
  jobs: Record<string, Job>;
}

const [file] = planWorkflow("/project", templates, "1.2.3");
const text = file?.content ?? "";
const workflow = parse(text) as Workflow;
const { jobs } = workflow;
const steps = Object.values(jobs).flatMap((job) => job.steps);
const commands = steps.flatMap(({ run = "" }) =>
  [...run.matchAll(/(?:^|\s)(studio [a-z][^|>\n]*)/g)].map(([, line = ""]) => line.trim()),
);

test("is written where GitHub looks for it, for this version of studio", () => {
  expect(file?.path).toBe(join("/project", ".github", "workflows", "studio.yaml"));
  expect(text).toContain("@selfhosted-ai/studio@1.2.3");
  expect(text).not.toContain("{{version}}");
});

test("runs on pushes to main and develop, on pull requests to main, and by hand", () => {
  expect(workflow.on["push"]?.branches).toEqual(["main", "develop"]);
  expect(workflow.on["pull_request"]?.branches).toEqual(["main"]);
  expect(Object.keys(workflow.on)).toContain("workflow_dispatch");
});

test("tests, scans, lints, builds, stages, produces and rolls back, in that order", () => {
  expect(Object.keys(jobs).toSorted()).toEqual(
    ["build", "lint", "production", "rollback", "security", "staging", "test"].toSorted(),
  );
  expect(jobs["build"]?.needs).toEqual(["test", "lint", "security"]);
  expect(jobs["staging"]?.needs).toBe("build");
  expect(jobs["production"]?.needs).toEqual(["build", "staging"]);
  expect(jobs["production"]?.environment).toMatchObject({ name: "production" });
  expect(jobs["production"]?.if).toBe("github.ref == 'refs/heads/main'");
  expect(jobs["rollback"]?.if).toContain("rollback");
});

test("staging returns to the release before where the smoke test failed, and not where the deploy did", () => {
  const own = jobs["staging"]?.steps ?? [];
  const at = (words: string) => own.findIndex(({ run = "" }) => run.includes(words));
  expect(own[at("studio bench smoke")]?.id).toBe("smoke");
  expect(own[at("studio rollback")]?.if).toBe("failure() && steps.smoke.outcome == 'failure'");
  expect(at("studio bench smoke")).toBeGreaterThan(at("studio deploy"));
  expect(at("studio rollback")).toBeGreaterThan(at("studio bench smoke"));
});

test("there are as many command lines of studio as this test knows", () => {
  expect(commands.length).toBeGreaterThanOrEqual(13);
});

/** The options of the whole tool, and whether they take a value. */
const global: Record<string, boolean> = {
  "--env": true,
  "--yes": false,
  "--json": false,
  "--dry-run": false,
};

function optionsOf(command: Command): Record<string, boolean> {
  const own = (command.options ?? []).flatMap(({ flags }) =>
    (flags.match(/--[a-z-]+/g) ?? []).map((name) => [name, flags.includes("<")] as const),
  );
  return { ...global, ...Object.fromEntries(own) };
}

test.each(commands)("`%s` is a command of studio with options that it has", async (line) => {
  const words = line.match(/"[^"]*"|\S+/g)?.slice(1) ?? [];
  const { entry, unknown, words: known } = matchWords(registry, words);
  expect(unknown).toBeNull();
  expect(entry).not.toBeNull();
  if (entry === null) return;
  const command = (await entry.load()).default;
  const options = optionsOf(command);
  const operands: string[] = [];
  for (let at = known.length; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (!word.startsWith("--")) operands.push(word);
    else {
      expect(Object.keys(options), word).toContain(word);
      if (options[word] === true) at += 1;
    }
  }
  expect(operands.length).toBeLessThanOrEqual((command.arguments ?? []).length);
  if (words.includes("--dry-run")) expect(command.dryRun).toBeDefined();
});

test("each action is pinned by the hash of a commit, with its version beside it", () => {
  const uses = text.split("\n").filter((line) => line.includes("uses:"));
  expect(uses.length).toBeGreaterThan(10);
  for (const line of uses) expect(line).toMatch(/uses: [\w./-]+@[0-9a-f]{40} # v\d/);
});

test("each job may do what it needs, and nothing by default", () => {
  expect(workflow.permissions).toEqual({});
  const written = Object.entries(jobs).flatMap(([name, { permissions = {} }]) =>
    Object.entries(permissions)
      .filter(([, right]) => right === "write")
      .map(([scope]) => `${name} ${scope}`),
  );
  expect(written).toEqual(["security security-events", "build packages"]);
  for (const job of Object.values(jobs)) {
    expect(job.permissions).toMatchObject({ contents: "read" });
    expect(job["timeout-minutes"]).toBeGreaterThan(0);
    for (const { uses = "", with: given } of job.steps) {
      if (uses.startsWith("actions/checkout@"))
        expect(given).toEqual({ "persist-credentials": false });
    }
  }
});

test("nothing that a stranger may choose becomes part of a command line", () => {
  for (const { run = "" } of steps) expect(run).not.toContain("${{");
});

test("one operation at a time on each host, and a deploy is not cut short", () => {
  for (const name of ["staging", "production", "rollback"]) {
    expect(jobs[name]?.concurrency?.["cancel-in-progress"], name).toBe(false);
  }
  expect(workflow.concurrency.group).toContain("inputs.action");
});

test("production runs the bytes that staging ran, by digest", () => {
  const image = "${{ needs.build.outputs.image }}";
  for (const name of ["staging", "production"]) {
    expect(jobs[name]?.env).toEqual({ STUDIO_API_IMAGE: image, STUDIO_API_PULL: "always" });
  }
  expect(text).toContain("image: ${{ steps.name.outputs.image }}@${{ steps.push.outputs.digest }}");
});

test("each job that changes something says in the run's summary what it did", () => {
  for (const name of ["test", "build", "staging", "production", "rollback"]) {
    const summary = jobs[name]?.steps.some(({ run = "" }) => run.includes("$GITHUB_STEP_SUMMARY"));
    expect(summary, name).toBe(true);
  }
});

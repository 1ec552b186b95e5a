import { readdirSync, rmSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { registry } from "../../commands/registry.ts";
import { type TestProject, createProject } from "../support/studio.ts";

interface Case {
  /** What is typed after `studio`. */
  line: string;
  exitCode: number;
  /** In the error's message or, after success, in the result. */
  says?: RegExp;
  /** In the error's hint. */
  hint?: RegExp;
  /** What lies in the folder afterwards; nothing unless it is said. */
  makes?: string[];
  /** What runs on or hands over the output of another program prints no document. */
  prints?: "document" | "nothing";
}

const none = /Nothing has been deployed to "local" yet/;
const noDaemon = /No daemon was started here in the background/;
const noKeys = /no table for API keys yet/;
const deploy = /`studio deploy`/;
const noSnapshot = /There is no snapshot yet/;
const create = /`studio backup create`/;
const finished = /No operation of "local" is unfinished/;
const nothingToTakeBack = /No migration is applied/;
const noRun = /There is no bench run yet/;
const noJob = /no job "absent"/;
const state = [".studio"];

const cases: Case[] = [
  { line: "deploy --dry-run", exitCode: 0, says: /"release":/ },
  { line: "rollback", exitCode: 2, says: none, hint: deploy },
  { line: "rollback 20261120T210500Z", exitCode: 2, says: none, hint: deploy },
  { line: "resume", exitCode: 2, says: finished, hint: /`studio status`/ },
  { line: "abort", exitCode: 2, says: finished, hint: /`studio status`/ },
  { line: "abort --leave", exitCode: 2, says: finished, hint: /`studio status`/ },
  { line: "up", exitCode: 2, says: none, hint: deploy },
  { line: "down", exitCode: 2, says: none, hint: deploy },
  { line: "down --volumes", exitCode: 2, says: /"local" has no volumes/, hint: /`studio down`/ },
  { line: "down --detached", exitCode: 2, says: noDaemon, hint: /`studio serve --detach`/ },
  { line: "logs --detached", exitCode: 2, says: noDaemon, hint: /`studio serve --detach`/ },
  { line: "serve --detach --port 0", exitCode: 2, says: /may take any/, hint: /--port/ },
  { line: "status", exitCode: 0, says: /"serving": null/ },
  { line: "logs", exitCode: 2, says: none, hint: deploy },
  { line: "logs --release latest", exitCode: 2, says: none, hint: deploy },
  { line: "history", exitCode: 0, says: /"result": \[\]/ },
  { line: "history latest", exitCode: 2, says: /There is no operation yet/, hint: deploy },
  { line: "doctor", exitCode: 0, says: /"checks"/ },
  { line: "key list", exitCode: 2, says: noKeys, hint: deploy },
  { line: "key create", exitCode: 2, says: noKeys, hint: deploy },
  { line: "key rotate k7f3", exitCode: 2, says: noKeys, hint: deploy },
  { line: "key revoke k7f3", exitCode: 2, says: noKeys, hint: deploy },
  { line: "serve --host 0.0.0.0 --port 0", exitCode: 2, says: noKeys, hint: deploy },
  { line: "backup create", exitCode: 0, says: /"snapshot"/, makes: state },
  { line: "backup create --set no", exitCode: 2, says: /no backup set "no"/, hint: /database/ },
  { line: "backup list", exitCode: 0, says: /"result": \[\]/ },
  { line: "backup verify", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup drill", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup export latest out.tar", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup import nowhere.tar", exitCode: 2, says: /nowhere\.tar/ },
  { line: "backup verify 20261120T210500Z-k3xq", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup drill", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup restore latest", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup restore latest --dry-run", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup restore latest --bootstrap nowhere", exitCode: 2, says: /no snapshot in/ },
  { line: "backup restore 2026 --database", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup list --deleted", exitCode: 0, says: /"deleted": \[\]/ },
  { line: "backup show latest", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup diff latest .", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup undelete --all", exitCode: 0, says: /"restored": \[\]/ },
  { line: "backup undelete 2026", exitCode: 2, says: /The trash is empty/, hint: /backup list/ },
  { line: "backup undelete", exitCode: 2, says: /Which snapshots/, hint: /list --deleted/ },
  { line: "backup copy --to there --all", exitCode: 0, says: /"snapshots": \[\]/ },
  { line: "backup copy --to there latest", exitCode: 2, says: noSnapshot, hint: create },
  { line: "backup copy --to there", exitCode: 2, says: /Which snapshots/, hint: /--latest/ },
  { line: "backup copy --all", exitCode: 2, says: /Which repository/, hint: /--to/ },
  { line: "backup key check", exitCode: 0, says: /"recipients": \[\]/ },
  {
    line: "backup key generate",
    exitCode: 0,
    says: /"recipient": "age1/,
    makes: ["backup-key.txt"],
  },
  { line: "backup prune", exitCode: 0, says: /"trashed": \[\]/ },
  { line: "backup prune --plan", exitCode: 0, says: /"trashed": \[\]/ },
  { line: "migrate up", exitCode: 0, says: /"applied": \[\n/, makes: state },
  {
    line: "migrate up --to no",
    exitCode: 2,
    says: /No pending .*called no/,
    hint: /pending: \d+T/,
  },
  { line: "migrate down", exitCode: 2, says: nothingToTakeBack, hint: /`studio migrate status`/ },
  { line: "migrate down --steps 3", exitCode: 2, says: nothingToTakeBack, hint: /migrate status/ },
  { line: "migrate down --to no", exitCode: 2, says: /No applied .*called no/, hint: /status/ },
  { line: "migrate status", exitCode: 0, says: /"head": null/ },
  { line: "maintenance on", exitCode: 2, says: none, hint: deploy },
  { line: "migrate create add users", exitCode: 0, says: /-add-users/, makes: ["migrations"] },
  { line: "migrate create --autogenerate x", exitCode: 2, says: /no schema file/, hint: /dump/ },
  { line: "migrate check", exitCode: 4, says: /Pending/, hint: /`studio migrate up`/ },
  { line: "migrate dump --stdout", exitCode: 0, says: /schema\/v1/ },
  { line: "migrate rehearse", exitCode: 0, says: /"outcome": "done"/ },
  { line: "migrate test", exitCode: 0, says: /"outcome": "same"/ },
  { line: "migrate lint", exitCode: 0, says: /"findings": \[\]/ },
  { line: "migrate history", exitCode: 0, says: /"entries": \[\]/ },
  { line: "migrate current", exitCode: 0, says: /"head": null/ },
  { line: "migrate baseline no", exitCode: 2, says: /called no/, hint: /none yet/ },
  { line: "migrate repair", exitCode: 2, says: /one thing/, hint: /migrate status/ },
  { line: "migrate repair --accept no", exitCode: 2, says: /called no/, hint: /migrate history/ },
  { line: "model list", exitCode: 0, says: /"name": "language"/ },
  { line: "model inspect language", exitCode: 0, says: /"ai\.onnx": \d+/ },
  {
    line: "model inspect absent",
    exitCode: 2,
    says: /no model "absent"/,
    hint: /`studio model list`/,
  },
  { line: "model verify language", exitCode: 0, says: /"loaded": \d+/ },
  { line: "model verify --version 1", exitCode: 2, says: /needs the NAME/ },
  {
    line: "model pull absent.onnx",
    exitCode: 2,
    says: /absent\.onnx cannot be read/,
  },
  { line: "model quantize absent", exitCode: 2, says: /no model absent/ },
  { line: "bench", exitCode: 2, says: none, hint: deploy },
  {
    line: "bench smok",
    exitCode: 2,
    says: /no scenario "smok"/,
    hint: /Did you mean "smoke"\?/,
  },
  { line: "bench suite matrx", exitCode: 2, says: /no suite "matrx"/, hint: /"matrix"/ },
  { line: "bench suite ./no.js", exitCode: 2, says: /There is no file .*no\.js/ },
  {
    line: "bench suite matrix --iterations 2",
    exitCode: 0,
    says: /"median": \d/,
    makes: [".studio", "results.json"],
  },
  {
    line: "bench suite --baseline latest",
    exitCode: 2,
    says: /no suite run yet/,
    hint: /`studio bench suite`/,
  },
  { line: "bench list", exitCode: 0, says: /"runs": \[\]/ },
  { line: "bench report latest", exitCode: 2, says: noRun, hint: /`studio bench`/ },
  { line: "bench compare", exitCode: 2, says: noRun, hint: /`studio bench`/ },
  { line: "bench smoke --baseline main", exitCode: 2, says: noRun, hint: /`studio bench`/ },
  { line: "bench baseline set main latest", exitCode: 2, says: noRun, hint: /`studio bench`/ },
  { line: "bench baseline", exitCode: 2, says: none, hint: deploy },
  { line: "exec -- true", exitCode: 0, prints: "nothing" },
  { line: "exec -- false", exitCode: 1, prints: "nothing" },
  { line: "exec -- no-such-program", exitCode: 2, says: /"no-such-program" could not be found/ },
  {
    line: "init --name test",
    exitCode: 0,
    says: /studio\.yaml/,
    makes: [".env.example", ".gitignore", "studio.yaml"],
  },
  { line: "init", exitCode: 2, says: /Name of the project/, hint: /--name/ },
  { line: "config show", exitCode: 0, says: /"file": null/ },
  { line: "config check", exitCode: 0, says: /"file": null/ },
  { line: "service install --dry-run", exitCode: 0, says: /"result": \{/ },
  { line: "service uninstall --dry-run", exitCode: 0, says: /"result": \{/ },
  { line: "schedule list", exitCode: 0, says: /"name": "drill"/ },
  { line: "schedule next", exitCode: 0, says: /"job": "database"/ },
  { line: "schedule install --dry-run", exitCode: 0, says: /# BEGIN studio:/ },
  { line: "schedule uninstall --dry-run", exitCode: 0, says: /"changed": false/ },
  { line: "schedule run absent", exitCode: 2, says: noJob, hint: /models, database/ },
  { line: "schedule pause absent", exitCode: 2, says: noJob, hint: /models, database/ },
  { line: "schedule resume absent", exitCode: 2, says: noJob, hint: /models, database/ },
  { line: "schedule history", exitCode: 0, says: /"result": \[\]/ },
  { line: "schedule history absent", exitCode: 2, says: noJob, hint: /models, database/ },
  {
    line: "schedule logs full",
    exitCode: 2,
    says: /wrote anything/,
    hint: /schedule history full/,
  },
  { line: "notify test", exitCode: 2, says: /no channel/, hint: /notify: \{ channels/ },
  { line: "notify list", exitCode: 0, says: /"result": \[\]/ },
  { line: "notify retry", exitCode: 0, says: /"tried": 0/ },
  { line: "schedule check", exitCode: 4, says: /not installed/, hint: /`studio schedule install`/ },
];

/** Without an end, without a use of the folder, or printing what is no document. */
const elsewhere = ["serve", "completion", "bench self-test", "schedule daemon", "schedule metrics"];

const projects: TestProject[] = [];

afterAll(() => {
  for (const { directory } of projects) rmSync(directory, { recursive: true, force: true });
});

async function runInEmptyFolder(line: string) {
  const project = await createProject("");
  projects.push(project);
  const result = await project.studio(["--json", ...line.split(" ")]);
  return { ...result, made: readdirSync(project.directory).toSorted() };
}

describe("in an empty folder", () => {
  test("every command is tried", () => {
    const tried = cases.map(({ line }) => line);
    const left = registry.entries
      .filter(({ words, hidden }) => hidden !== true && !elsewhere.includes(words))
      .filter(({ words }) => !tried.some((line) => `${line} `.startsWith(`${words} `)));
    expect(left).toEqual([]);
  });

  test.concurrent.each(cases)("studio $line ends with $exitCode", async (expected) => {
    const { line, says = /^/, hint = /^/, makes = [], prints = "document" } = expected;
    const { exitCode, stdout, stderr, made } = await runInEmptyFolder(line);
    expect(exitCode, stderr).toBe(expected.exitCode);
    expect(made).toEqual(makes);
    if (prints === "nothing") {
      expect(stdout).toBe("");
      return;
    }
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ ok: exitCode === 0, exitCode });
    if (exitCode === 0) {
      expect(stdout).toMatch(says);
      return;
    }
    expect(document.error.message).toMatch(says);
    expect(document.error.hint ?? "").toMatch(hint);
    if (document.result === null) expect(stderr).toContain(document.error.message);
  });
});

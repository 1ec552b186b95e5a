import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Project, loadProject } from "../../../src/config/project.ts";
import { type View, openView } from "../../../src/deploy/view.ts";
import { diagnose, diagnosisError } from "../../../src/doctor/diagnose.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { insertOperation } from "../../../src/ledger/operations.ts";
import { statePaths } from "../../../src/state.ts";

async function projectFolder(yaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "studio-doctor-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  writeFileSync(join(folder, "studio.yaml"), yaml);
  return folder;
}

async function examine(folder: string, host = { node: "24.15.0", freeMemory: 1e12 }) {
  const project = () => loadProject({ cwd: folder, env: {} });
  const diagnosis = await diagnose({
    host,
    now: new Date(),
    env: {},
    project,
    view: async () => viewOf(await project()),
  });
  const check = (title: string) => diagnosis.checks.find((one) => one.title.includes(title));
  return { diagnosis, check };
}

async function viewOf(project: Project): Promise<View> {
  const { directory, environment } = project;
  const paths = statePaths(directory, environment);
  const desk = { environment, paths, version: "0", now: () => new Date() };
  return openView({ desk, project, env: {}, onSecret: () => {} });
}

const quiet = "deploy: { require: { disk: 1MB } }\nserve: { port: 0 }\n";

test("a new project has nothing wrong, and nothing is written by looking", async () => {
  const folder = await projectFolder(quiet);
  const { diagnosis, check } = await examine(folder);
  expect(diagnosisError(diagnosis)).toBeNull();
  expect(check("backup was read back")?.state).toBe("skipped");
  expect(check("another disk")?.state).toBe("note");
  expect(readdirSync(folder)).toEqual(["studio.yaml"]);
});

test("an invalid project file is a failed check, and the rest is skipped", async () => {
  const { diagnosis, check } = await examine(await projectFolder("serve: { prot: 1 }\n"));
  expect(check("Project file")).toMatchObject({ state: "wrong" });
  expect(check("Project file")?.found).toContain("prot");
  expect(check("Ledger")?.state).toBe("skipped");
  expect(diagnosisError(diagnosis)).toMatchObject({ exitCode: 4, code: "doctor.wrong" });
});

test("a required variable that is missing is wrong", async () => {
  const { check } = await examine(
    await projectFolder(`${quiet}variables: { required: [JWT_SECRET_KEY] }\n`),
  );
  expect(check("variables")).toMatchObject({
    state: "wrong",
    found: "missing or empty: JWT_SECRET_KEY",
  });
});

test("a port that another program holds is wrong", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { check } = await examine(await projectFolder(`serve: { port: ${port} }\n`));
  expect(check("Port")?.state).toBe("wrong");
});

test("an old Node.js and little memory are wrong", async () => {
  const folder = await projectFolder(quiet);
  const { check } = await examine(folder, { node: "24.14.9", freeMemory: 1000 });
  expect([check("Node.js")?.state, check("Memory")?.state]).toEqual(["wrong", "wrong"]);
});

test("the state folder is made private; one that others can read is wrong", async () => {
  const folder = await projectFolder(quiet);
  openLedger(statePaths(folder, "local").ledger).close();
  expect((await examine(folder)).check("State folder")?.found).toBe("mode 0700");
  chmodSync(join(folder, ".studio"), 0o755);
  expect((await examine(folder)).check("State folder")?.state).toBe("wrong");
});

test("a ledger that is no database is wrong", async () => {
  const folder = await projectFolder(quiet);
  mkdirSync(join(folder, ".studio"), { mode: 0o700 });
  writeFileSync(join(folder, ".studio", "state.db"), "no database".repeat(100));
  const { check } = await examine(folder);
  expect([check("Ledger")?.state, check("unfinished")?.state]).toEqual(["wrong", "skipped"]);
});

test("an operation whose process died is wrong", async () => {
  const folder = await projectFolder(quiet);
  const ledger = openLedger(statePaths(folder, "local").ledger);
  insertOperation(ledger, {
    id: "20261120T210500Z-k3xq",
    environment: "local",
    kind: "deploy",
    message: null,
    user: "ada",
    host: "here",
    version: "1.0.0",
    input: {},
    startedAt: "2026-11-20T21:05:00.000Z",
    finishedAt: null,
    outcome: null,
    result: null,
    error: null,
  });
  ledger.close();
  const found = (await examine(folder)).check("unfinished");
  expect(found?.state).toBe("wrong");
  expect(found?.fix).toContain("studio resume");
});

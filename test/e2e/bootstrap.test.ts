import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

interface Bootstrapped {
  bootstrap: {
    snapshot: string;
    release: string;
    url: string;
    files: number;
    history: { operations: number; releases: number };
    timing: { restore: number; deploy: number; total: number };
  };
}

describe("after the total loss of a host", () => {
  let lost: TestProject;
  let empty: TestProject;
  let repository: string;
  let snapshot: string;

  async function run<T>(project: TestProject, ...argv: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await project.studio([...argv, "--json"]);
    expect(exitCode, `${argv.join(" ")}: ${stderr}`).toBe(0);
    return (JSON.parse(stdout) as { result: T }).result;
  }

  const bring = () => ["backup", "restore", "latest", "--bootstrap", repository];

  beforeAll(async () => {
    lost = await createProject(`${quickSettings}backup: { repository: ./away }\n`);
    empty = await createProject("");
    mkdirSync(join(lost.directory, "uploads"));
    lost.write("uploads/picture.txt", "of a cat");
    await run(lost, "deploy", "-m", "the first");
    const made = await fetch(`${lost.url}/api/v1/vector/collections/kept`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dimension: 2 }),
    });
    expect(made.status).toBeLessThan(300);
    snapshot = (await run<{ snapshot: { id: string } }>(lost, "backup", "create")).snapshot.id;
    await run(lost, "down");
    repository = join(empty.directory, "..", `${lost.port}-repository`);
    await cp(join(lost.directory, "away"), repository, { recursive: true });
    rmSync(lost.directory, { recursive: true });
  }, 120_000);

  afterAll(async () => {
    await empty.studio(["down"]);
    await empty.remove();
    rmSync(repository, { recursive: true, force: true });
  }, 60_000);

  test("a restore that fails leaves the new host empty enough to begin again", async () => {
    const { exitCode, stderr } = await empty.studio(bring(), {
      STUDIO_FAULT: "fail:database/replace:after",
    });
    expect(exitCode, stderr).toBe(5);
    expect(existsSync(join(empty.directory, "uploads"))).toBe(false);
  }, 60_000);

  test("one command brings a serving studio back, and tells how long it took", async () => {
    const { bootstrap } = await run<Bootstrapped>(empty, ...bring());
    expect(bootstrap.snapshot).toBe(snapshot);
    const answer = await fetch(`${empty.url}/api/v1/vector/collections`);
    expect(answer.headers.get("x-studio-release")).toBe(bootstrap.release);
    expect(await answer.json()).toMatchObject({ collections: [{ name: "kept" }] });
    expect(readFileSync(join(empty.directory, "uploads", "picture.txt"), "utf8")).toBe("of a cat");
    const { restore, deploy, total } = bootstrap.timing;
    process.stdout.write(
      `bootstrap: restore ${restore} ms, deploy ${deploy} ms, all ${total} ms\n`,
    );
    expect(total).toBeGreaterThanOrEqual(restore + deploy - 2);
  }, 120_000);

  test("the history of the lost host goes on", async () => {
    const operations = await run<{ kind: string; message: string | null; outcome: string }[]>(
      empty,
      "history",
    );
    expect(operations.map(({ kind }) => kind)).toEqual([
      "deploy",
      "bootstrap",
      "bootstrap",
      "deploy",
    ]);
    expect(operations.at(-1)).toMatchObject({ message: "the first", outcome: "succeeded" });
  });

  test("a host that has a release is not bootstrapped over", async () => {
    const { exitCode, stderr } = await empty.studio(bring());
    expect(exitCode).toBe(2);
    expect(stderr).toContain("They would be lost");
    expect((await fetch(`${empty.url}/health/live`)).status).toBe(200);
  });

  test.each(["resume", "abort"])(
    "a killed bootstrap is ended by `%s`",
    async (way) => {
      const project = await createProject("");
      try {
        const { signal } = await project.studio(bring(), {
          STUDIO_FAULT: "kill:database/replace:after",
        });
        expect(signal).toBe("SIGKILL");
        await run(project, way);
        expect(existsSync(join(project.directory, "uploads"))).toBe(way === "resume");
        await run(project, ...(way === "resume" ? ["deploy"] : bring()));
        expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
      } finally {
        await project.studio(["down"]);
        await project.remove();
      }
    },
    120_000,
  );
});
